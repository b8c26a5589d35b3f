"""A budget is spent exactly once by however many ask at the same moment, and comes back when its window ends."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection

from apps.core.budget import Spent, spend


def window_ends(key):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_cache SET expires = now() WHERE cache_key = %s", [f"budget:{key}"])
        assert cursor.rowcount == 1


def test_what_is_left_is_granted_and_then_nothing(db):
    assert [spend("a", 4, limit=10, seconds=60).granted for _ in range(5)] == [4, 4, 2, 0, 0]
    assert spend("b", 4, limit=10, seconds=60) == Spent(4, 60)


def test_a_window_that_ended_is_forgotten(db):
    assert [spend("a", 10, limit=10, seconds=60).granted for _ in range(2)] == [10, 0]
    window_ends("a")
    assert [spend("a", 6, limit=10, seconds=60).granted for _ in range(2)] == [6, 4]


def test_asking_in_vain_neither_adds_up_nor_moves_the_end(db):
    for _ in range(20):
        spend("a", 10, limit=10, seconds=60)
    assert spend("a", 10, limit=10, seconds=3600) == Spent(0, 60)
    window_ends("a")
    assert spend("a", 1, limit=10, seconds=60) == Spent(1, 60)


def test_one_statement_counts(django_assert_num_queries, db):
    for _ in range(2):
        with django_assert_num_queries(1):
            spend("a", 1, limit=10, seconds=60)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_as_many_get_through_as_there_are():
    def ask(_):
        try:
            return spend("a", 3, limit=50, seconds=60).granted
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(8) as pool:
            granted = list(pool.map(ask, range(40)))
    finally:
        cache.clear()
    assert sum(granted) == 50
