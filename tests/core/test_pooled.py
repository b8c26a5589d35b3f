"""A connection of the pool is believed for a second, and never one that the server has ended."""

import copy
import time

import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from mlgov.postgresql.base import BELIEVED_SECONDS, DatabaseWrapper, is_alive
from tests.conftest import superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled():
    settings = copy.deepcopy(connection.settings_dict)
    settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 5}
    settings["CONN_HEALTH_CHECKS"] = False
    wrapper = DatabaseWrapper(settings, alias="pooled")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


@pytest.fixture
def asked(monkeypatch):
    """How often a connection was asked whether it works."""
    found, ask = [], ConnectionPool.check_connection
    monkeypatch.setattr(
        ConnectionPool, "check_connection", staticmethod(lambda one: (found.append(1), ask(one)))
    )
    return found


def backend_of(wrapper):
    """Ask something as a request does, which then gives its connection back."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    wrapper.close()
    return backend


def end(backend):
    with superuser() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_requests_of_one_second_ask_once(pooled, asked):
    assert len({backend_of(pooled) for _ in range(5)}) == 1
    assert len(asked) == 1
    time.sleep(BELIEVED_SECONDS + 0.1)
    backend_of(pooled)
    assert len(asked) == 2


def test_what_the_server_ended_is_replaced_at_once(pooled):
    first = backend_of(pooled)
    end(first)
    second = backend_of(pooled)
    assert second != first
    assert backend_of(pooled) == second


def test_a_connection_that_was_ended_is_closed(pooled):
    backend_of(pooled)
    own = pooled.pool.getconn()
    assert is_alive(own)
    end(own.info.backend_pid)
    assert not is_alive(own)
    assert own.closed
    assert not is_alive(own)
    pooled.pool.putconn(own)
