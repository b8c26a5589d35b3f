"""Transactions of services: one each, retried when the database says that trying again may work."""

import functools
import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

P = ParamSpec("P")
R = TypeVar("R")
#: serialization_failure, deadlock_detected (PostgreSQL, appendix A).
RETRIED_STATES = frozenset({"40001", "40P01"})
ATTEMPTS = 3
#: What is written in the transaction of each outermost service of this request or job: that it was done.
at_commit: ContextVar[Callable[[], None] | None] = ContextVar("at_commit", default=None)


def sqlstate(error: Exception) -> str | None:
    """Return the five-character SQLSTATE behind a Django database error, if there is one."""
    return getattr(error.__cause__, "sqlstate", None)


def constraint_name(error: Exception) -> str | None:
    """Return the name of the constraint that an IntegrityError broke, if the server named one."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` in one transaction, at most three times when it loses a race (40001, 40P01).

    Inside a transaction that is already open nothing is retried: only the outermost call may start over.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not connection.in_atomic_block
        with transaction.atomic():
            result = function(*args, **kwargs)
            note = at_commit.get() if outermost else None
            if note is not None:
                note()
            return result

    return retried(run)


def single(function: Callable[P, R]) -> Callable[P, R]:
    """Run a service of one statement, which is a transaction of its own unless something must be committed with it."""
    noted, alone = service(function), retried(function)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return (alone if at_commit.get() is None else noted)(*args, **kwargs)

    return run


def joining(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` in the transaction that is open, without a savepoint, else as a service.

    For what nobody catches the errors of, to go on in the same transaction.
    """
    alone = service(function)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return (function if connection.in_atomic_block else alone)(*args, **kwargs)

    return run


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` at most three times when it loses a race; it is one transaction, or one statement."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                lost = sqlstate(error) in RETRIED_STATES
                if connection.in_atomic_block or attempt == ATTEMPTS or not lost:
                    raise
                time.sleep(random.uniform(0.005, 0.03) * attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    return run
