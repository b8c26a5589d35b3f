"""Periodic work: once a period over any number of sweepers, and never a pile of it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from apps.jobs import periodic
from apps.jobs.models import Job, Period

KIND = "rubrics.suggest"


@pytest.fixture(autouse=True)
def _one_kind(settings):
    settings.PERIODIC_JOBS = {KIND: 60}


def let_pass(seconds):
    """Move the last time back, as if so many seconds had passed."""
    period = Period.objects.get(kind=KIND)
    Period.objects.filter(kind=KIND).update(enqueued_at=period.enqueued_at - timedelta(seconds=seconds))


def finish_all():
    Job.objects.filter(finished_at__isnull=True).update(state="succeeded", finished_at=Now())


def test_it_is_enqueued_at_once_and_then_once_a_period(db):
    assert periodic.enqueue_due() == [KIND]
    finish_all()
    assert periodic.enqueue_due() == []
    let_pass(59)
    assert periodic.enqueue_due() == []
    let_pass(2)
    assert periodic.enqueue_due() == [KIND]
    assert Job.objects.filter(kind=KIND, args={}, started_by=None).count() == 2


def test_slow_work_does_not_pile_up(db):
    periodic.enqueue_due()
    let_pass(600)
    assert periodic.enqueue_due() == []
    finish_all()
    assert periodic.enqueue_due() == [KIND]


def test_work_that_failed_comes_again(db):
    periodic.enqueue_due()
    Job.objects.update(state="quarantined", finished_at=Now())
    let_pass(61)
    assert periodic.enqueue_due() == [KIND]


def test_what_went_well_yesterday_is_cleared_away_and_failures_stay(db):
    for state in ("succeeded", "failed"):
        periodic.enqueue_due()
        Job.objects.filter(finished_at__isnull=True).update(
            state=state, finished_at=Now() - timedelta(days=2)
        )
        let_pass(61)
    periodic.enqueue_due()
    assert sorted(Job.objects.values_list("state", flat=True)) == ["failed", "queued"]


@pytest.mark.django_db(transaction=True)
def test_eight_sweepers_at_once_enqueue_it_once():
    found, barrier = [], threading.Barrier(8)

    def sweeper():
        try:
            barrier.wait()
            found.extend(periodic.enqueue_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=sweeper) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [KIND]
    assert Job.objects.count() == 1


def test_a_sweeper_sleeps_no_longer_than_the_shortest_period(settings):
    assert periodic.pause(30) == 30
    settings.PERIODIC_JOBS = {KIND: 2}
    assert periodic.pause(30) == 2


def test_the_command_does_both(db, capsys):
    from django.core.management import call_command

    call_command("jobs_sweep")
    assert "enqueued rubrics.suggest" in capsys.readouterr().out
