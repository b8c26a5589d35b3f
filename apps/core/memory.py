"""What one request reads many times is read once.

Only requests that write nothing remember: a page asks for the files of a version in its evidence, in its gates and for
itself, and they are the same. Everything else (a form, a job, a command) reads anew each time, for it may have written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")
R = TypeVar("R")
_memory: ContextVar[dict[Any, Any] | None] = ContextVar("memory", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Remember inside what reads marked with ``once`` return."""
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


@contextmanager
def reading_anew() -> Iterator[None]:
    """Remember nothing inside, although the request writes nothing: for answers that must not be late."""
    token = _memory.set(None)
    try:
        yield
    finally:
        _memory.reset(token)


def is_remembering() -> bool:
    """Tell whether a request is answered that may write nothing."""
    return _memory.get() is not None


def once(read: Callable[P, R]) -> Callable[P, R]:
    """Let a read of the database be made once a request; its arguments must be hashable, and nobody changes what it returns."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        memory = _memory.get()
        if memory is None:
            return read(*args, **kwargs)
        key = (read, args, *kwargs.items())
        if key not in memory:
            memory[key] = read(*args, **kwargs)
        return memory[key]

    return reading


class ReadOnceMiddleware:
    """Remember while a request is answered that may write nothing (RFC 9110, section 9.2.1)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with remembering():
            return self.get_response(request)
