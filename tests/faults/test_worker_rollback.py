"""A worker is killed in the middle of an automatic rollback: nothing of it is kept, and the next one does it once."""

import os
import signal
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from apps.audit.models import Event
from apps.gates.models import Postmortem, Rollback, Transition
from apps.jobs import services as jobs
from apps.jobs.models import Job
from tests.audit.conftest import seal, sealing  # noqa: F401 - fixtures
from tests.faults.processes import Holding, wait_for
from tests.faults.test_web_killed import demand_verified
from tests.gates import tiny
from tests.gates.conftest import cast, small, small_model  # noqa: F401 - fixtures
from tests.gates.test_rollback import report, stages

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.promise("faults", "19", "rollback")
def test_a_worker_killed_in_the_middle_of_a_rollback(start_worker, small_model, dev, ben, seal, sealing):  # noqa: F811
    def in_production():
        return tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)

    report(in_production(), dev)
    second = in_production()
    report(second, dev, minutes=2, errors=60)
    job = Job.objects.get(kind="gates.judge_production", args__version=str(second.pk))
    moves, events = Transition.objects.count(), Event.objects.count()
    with Holding("gates_transition") as held:
        victim = start_worker("pgmq://")
        held.until_somebody_waits()
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait(30)
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("running", 1)
    assert stages(small_model) == {1: "archived", 2: "production"}
    assert (Rollback.objects.count(), Transition.objects.count()) == (0, moves)
    # The lease runs out; here, at once.
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert jobs.sweep() >= 1
    start_worker("pgmq://")
    wait_for(lambda: Job.objects.filter(pk=job.pk, state="succeeded").exists())
    job.refresh_from_db()
    assert (job.attempt, job.result["rolled_back"]) == (2, True)
    assert stages(small_model) == {1: "production", 2: "archived"}
    rollback = Rollback.objects.get()
    assert Postmortem.objects.filter(rollback=rollback).count() == 1
    assert Transition.objects.count() == moves + 2
    assert Event.objects.filter(kind="gates.rolled_back", object_id=rollback.pk).count() == 1
    assert Event.objects.count() > events
    demand_verified(seal, sealing)
