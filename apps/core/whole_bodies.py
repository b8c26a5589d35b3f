"""A request whose body breaks off is refused, and never read as if that were all of it.

A WSGI server answers a read after the caller has gone with no bytes, which looks like the end; Django then parses what
came, so that a form without its last field or file would be acted upon.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from django.core.exceptions import BadRequest

BROKE_OFF = "The request broke off before all of it was sent, and nothing was done. Send it again."
Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


class Readable(Protocol):
    """What a server gives to read a body from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return a line, of at most so many bytes."""


class WholeBody:
    """Reads a body of a known length; raises BadRequest where it ends before that."""

    def __init__(self, body: Readable, length: int) -> None:
        self._body, self._left = body, length

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, or all that are left: Django asks once for a body that it wants whole."""
        wanted = self._wanted(size)
        parts = []
        while wanted:
            parts.append(self._counted(self._body.read, wanted))
            wanted -= len(parts[-1])
        return b"".join(parts)

    def readline(self, size: int = -1, /) -> bytes:
        """Return a line of the body."""
        wanted = self._wanted(size)
        return self._counted(self._body.readline, wanted) if wanted else b""

    def _wanted(self, size: int) -> int:
        return self._left if size < 0 else min(size, self._left)

    def _counted(self, read: Callable[[int], bytes], wanted: int) -> bytes:
        try:
            got = read(wanted)
        except ConnectionError:
            got = b""
        if not got:
            raise BadRequest(BROKE_OFF)
        self._left -= len(got)
        return got


class WholeBodies:
    """Wraps a WSGI application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = str(environ.get("CONTENT_LENGTH") or "")
        if length.isascii() and length.isdigit():
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(length))
        return self._application(environ, start_response)
