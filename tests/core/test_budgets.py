"""Budgets of requests: one count for all processes, leases that lose little, windows that end."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from apps.core import budgets
from apps.core.budgets import Budget, budget_of, spend
from apps.core.checks import check_budgets
from apps.core.models import SpentBudget

pytestmark = pytest.mark.django_db
FEW = Budget("few", 3, 60)
MANY = Budget("many", 6000, 60)


def age(key, seconds):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_spentbudget SET since = since - %s::interval WHERE key = %s",
            [f"{seconds} seconds", key],
        )


def test_so_many_pass_and_no_more():
    said = [spend(FEW, "ada") for _ in range(5)]
    assert [one.allowed for one in said] == [True, True, True, False, False]
    assert [one.requests for one in said] == [2, 1, 0, 0, 0]


def test_each_has_a_budget_of_their_own():
    for _ in range(4):
        spend(FEW, "ada")
    assert spend(FEW, "ben").allowed
    assert spend(Budget("other", 3, 60), "ada").allowed


def test_a_window_that_is_over_gives_the_budget_back():
    for _ in range(4):
        spend(FEW, "ada")
    age("few:ada", 60)
    budgets.forget()
    again = spend(FEW, "ada")
    assert (again.allowed, again.requests) == (True, 2)


def test_other_processes_count_too():
    """To give up leases is to be another process."""
    for _ in range(3):
        assert spend(FEW, "ada").allowed
        budgets.forget()
    assert not spend(FEW, "ada").allowed


def test_a_large_budget_is_written_once_in_fifty_requests(django_assert_num_queries):
    spend(MANY, "ada")
    with django_assert_num_queries(0):
        said = [spend(MANY, "ada") for _ in range(49)]
    assert [one.requests for one in said] == list(range(5998, 5949, -1))
    with django_assert_num_queries(1):
        spend(MANY, "ada")


def test_of_two_leases_that_are_taken_at_once_none_is_lost(monkeypatch, django_assert_num_queries):
    take = budgets._take

    def while_another_takes_one(budget, key):
        monkeypatch.setattr(budgets, "_take", take)
        assert spend(budget, "ada").allowed
        return take(budget, key)

    monkeypatch.setattr(budgets, "_take", while_another_takes_one)
    assert spend(MANY, "ada").requests == 5998
    assert SpentBudget.objects.get().used == 100
    with django_assert_num_queries(0):
        said = [spend(MANY, "ada") for _ in range(98)]
    assert all(one.allowed for one in said)
    assert said[-1].requests == 5900


def test_a_lease_of_the_window_before_is_not_carried_over():
    spend(MANY, "ada")
    kept = budgets._leases["many:ada"]
    kept.requests, kept.ends = 49, kept.ends - 60
    age("many:ada", 60)
    assert spend(MANY, "ada").requests == 5999


def test_who_floods_is_refused_from_memory(django_assert_num_queries):
    for _ in range(4):
        spend(FEW, "ada")
    with django_assert_num_queries(0):
        assert not any(spend(FEW, "ada").allowed for _ in range(10))


def test_of_leases_no_more_is_given_than_there_is():
    """Six thousand and one asked by processes that each take a lease and leave it."""
    granted = 0
    for _ in range(130):
        budgets.forget()
        while (left := spend(MANY, "ada")).allowed:
            granted += 1
            if granted % 50 == 0:
                break
        if not left.allowed:
            break
    assert granted == 6000


def test_refusals_say_when_to_come_again():
    for _ in range(3):
        spend(FEW, "ada")
    age("few:ada", 50)
    budgets.forget()
    refused = spend(FEW, "ada")
    assert not refused.allowed
    assert 1 <= refused.seconds <= 11
    assert refused.headers() == {
        "RateLimit-Policy": '"few";q=3;w=60',
        "RateLimit": f'"few";r=0;t={refused.seconds}',
        "Retry-After": str(refused.seconds),
    }


def test_old_rows_go_when_new_ones_come():
    spend(FEW, "ada")
    age("few:ada", 90_000)
    spend(FEW, "ben")
    assert [one.key for one in SpentBudget.objects.all()] == ["few:ben"]


@pytest.mark.parametrize(
    ("written", "limit", "seconds"),
    [("5/s", 5, 1), ("6000/min", 6000, 60), ("10/hour", 10, 3600), ("1/d", 1, 86_400)],
)
def test_rates_are_read_as_they_are_written(settings, written, limit, seconds):
    settings.API_RATES = {"principal": written}
    assert budget_of("principal") == Budget("principal", limit, seconds)


@pytest.mark.parametrize(
    "written", ["", "6000", "/min", "0/min", "-1/min", "²/min", "1/fortnight", "1.5/min", "1/"]
)
def test_rates_that_cannot_be_read_are_refused(settings, written):
    settings.API_RATES = {"principal": written}
    with pytest.raises(ImproperlyConfigured, match="6000/min"):
        budget_of("principal")


def test_check_names_a_rate_that_cannot_be_read(settings):
    settings.API_RATES = {"principal": "often", "exchange": "120/min"}
    assert ["“often” of principal" in one.msg for one in check_budgets(None)] == [True]
