"""What an outage means to a person: a sentence, a status and when to come back."""

import errno
import sys

import psycopg
import pytest
from django.db import InterfaceError, OperationalError
from django.test import RequestFactory

from apps.api.problems import broken
from apps.core.outages import outage_of


def failed(state):
    """Return Django's error around the server's, as psycopg raises it."""
    error = OperationalError("it failed")
    error.__cause__ = psycopg.errors.lookup(state)() if state else psycopg.OperationalError("no answer")
    return error


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (failed("55P03"), "busy", 503),
        (failed("57014"), "busy", 503),
        (failed("40P01"), "busy", 503),
        (failed("53100"), "disk_full", 507),
        (failed("57P01"), "database_unavailable", 503),
        (failed(""), "database_unavailable", 503),
        (InterfaceError("closed"), "database_unavailable", 503),
        (OSError(errno.ENOSPC, "full"), "disk_full", 507),
    ],
)
def test_an_outage_has_a_code_and_a_time_to_come_back(error, code, status):
    found = outage_of(error)
    assert (found.code, found.status) == (code, status)
    assert found.retry_after > 0
    assert found.sentence.endswith(".")


@pytest.mark.parametrize("error", [failed("42601"), OSError(errno.EACCES, "no"), ValueError("x"), None])
def test_a_fault_of_ours_is_no_outage(error):
    assert outage_of(error) is None


@pytest.mark.parametrize("path", ["/projects/", "/api/v1/projects"])
def test_who_read_lost_nothing_and_who_sent_must_look(path):
    for method, doubtful in (("GET", False), ("POST", True)):
        request = RequestFactory().generic(method, path)
        try:
            raise failed("")
        except OperationalError:
            assert sys.exc_info()[1] is not None
            answer = broken(request)
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert ("cannot be said whether what you sent was done" in answer.content.decode()) is doubtful


def test_a_fault_of_ours_says_so_in_the_interface():
    try:
        raise ValueError("x")
    except ValueError:
        answer = broken(RequestFactory().get("/api/v1/projects"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
