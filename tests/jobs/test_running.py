"""The promises of jobs: claimed once, written once, stopped, quarantined."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from apps.core.errors import Refused
from apps.evaluations import services as evaluations
from apps.evaluations.models import Evaluation
from apps.jobs import running, sending, services
from apps.jobs.models import Job
from tests.cast import COLUMNS, predictions_csv


@pytest.fixture
def evaluation(version, dev):
    import io

    kept = evaluations.upload_predictions(
        version, stream=io.BytesIO(predictions_csv(rows=200)), columns=COLUMNS, dataset="holdout", by=dev
    )
    return evaluations.request_evaluation(kept, by=dev)


def messages() -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT message FROM pgmq.q_jobs")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.promise("20")
def test_a_job_and_its_message_are_written_together_or_not_at_all(evaluation, dev):
    before, jobs_before = len(messages()), Job.objects.count()
    with transaction.atomic():
        services.enqueue("rubrics.suggest", {"version": "x"}, by=dev)
        transaction.set_rollback(True)
    assert len(messages()) == before > 0
    assert Job.objects.count() == jobs_before > 0


@pytest.mark.promise("21")
def test_the_envelope_is_signed_and_names_one_task_and_one_job(evaluation):
    import json

    message = messages()[-1]
    message = message if isinstance(message, dict) else json.loads(message)
    assert message["headers"]["task"] == "jobs.run"
    assert message["content-type"] == "application/data"
    assert message["properties"]["delivery_info"]["routing_key"] == "jobs"


@pytest.mark.promise("21")
@pytest.mark.parametrize(
    "message",
    ["{}", "[]", '"x"', '{"body": "x"}', '{"body": 1, "headers": {}, "properties": {}}', "null"],
)
def test_a_malformed_row_cannot_enter_the_queue(db, message):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pgmq.send('jobs', %s::jsonb)", [message])


@pytest.mark.promise("19")
def test_delivered_twice_it_runs_once(evaluation):
    running.run(evaluation.job_id, worker="a")
    first = Evaluation.objects.get(pk=evaluation.pk)
    running.run(evaluation.job_id, worker="b")
    second = Evaluation.objects.get(pk=evaluation.pk)
    assert (first.state, first.report_digest) == ("complete", second.report_digest)
    assert Job.objects.get(pk=evaluation.job_id).attempt == 1


@pytest.mark.promise("19")
def test_a_worker_whose_lease_ran_out_writes_nothing(evaluation):
    slow = running.claim(evaluation.job_id, worker="slow")
    Job.objects.filter(pk=slow.job_id).update(lease_until=Now() - running.timedelta(seconds=1))
    running.run(evaluation.job_id, worker="quick")
    with pytest.raises(running.LeaseLost), slow.completing({"late": True}):
        pytest.fail("a lost lease must not open a transaction")
    job = Job.objects.get(pk=slow.job_id)
    assert (job.state, job.attempt) == ("succeeded", 2)
    assert "late" not in job.result


@pytest.mark.promise("20")
def test_a_dead_worker_s_job_is_woken_by_the_sweeper(evaluation):
    running.claim(evaluation.job_id, worker="dead")
    assert services.sweep() == 0
    Job.objects.filter(pk=evaluation.job_id).update(lease_until=Now() - running.timedelta(seconds=1))
    assert services.sweep() == 1


@pytest.mark.promise("19")
def test_a_job_that_kills_its_workers_is_quarantined(evaluation, settings):
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        assert running.claim(evaluation.job_id, worker="dead") is not None
        Job.objects.filter(pk=evaluation.job_id).update(lease_until=Now() - running.timedelta(seconds=1))
    assert running.claim(evaluation.job_id, worker="next") is None
    job = Job.objects.get(pk=evaluation.job_id)
    assert job.state == "quarantined"
    assert "3 times" in job.error


def test_a_crashing_handler_is_tried_again_and_then_quarantined(evaluation, settings, monkeypatch):
    def crash(job):
        raise RuntimeError("poison")

    monkeypatch.setattr(running, "handler_of", lambda kind: (crash, None))
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        running.run(evaluation.job_id, worker="w")
    job = Job.objects.get(pk=evaluation.job_id)
    assert (job.state, job.attempt) == ("quarantined", 3)
    assert "poison" in job.error


def test_a_waiting_job_stops_at_once_and_a_finished_one_does_not(evaluation, dev):
    job = services.request_cancel(evaluation.job, by=dev)
    assert job.state == "cancelled"
    running.run(job.pk, worker="w")
    assert Job.objects.get(pk=job.pk).state == "cancelled"
    with pytest.raises(Refused):
        services.request_cancel(job, by=dev)


def test_a_running_job_stops_at_its_next_breath(evaluation, dev):
    mine = running.claim(evaluation.job_id, worker="w")
    services.request_cancel(Job.objects.get(pk=mine.job_id), by=dev)
    with pytest.raises(running.JobCancelled):
        mine.check()


@pytest.mark.promise("22")
def test_a_job_has_its_starter_s_rights_of_now(evaluation, dev, ada, project):
    from apps.projects import services as projects
    from apps.projects.models import Membership

    projects.remove_member(Membership.objects.get(project=project, user=dev), by=ada)
    running.run(evaluation.job_id, worker="w")
    job = Job.objects.get(pk=evaluation.job_id)
    assert job.state == "failed"
    assert "no right" in job.error


@pytest.mark.promise("22", "access now")
def test_a_running_job_stops_at_its_next_write_when_its_starter_is_switched_off(evaluation, dev, adam):
    from apps.accounts.services import switch_off
    from apps.core.errors import MlgovError

    mine = running.claim(evaluation.job_id, worker="w")
    mine.progress(0.1, "reading")
    switch_off(dev, by=adam)
    with pytest.raises(MlgovError, match="no right"):
        mine.progress(0.2, "counting")
    with pytest.raises(MlgovError, match="no right"), mine.completing():
        pytest.fail("nothing may be written")


def test_a_quarantined_job_starts_anew_with_all_its_attempts(evaluation, dev):
    Job.objects.filter(pk=evaluation.job_id).update(state="quarantined", attempt=3, finished_at=Now())
    services.retry(evaluation.job, by=dev)
    running.run(evaluation.job_id, worker="w")
    assert Job.objects.get(pk=evaluation.job_id).state == "succeeded"


def test_the_queue_is_named_once():
    assert sending.QUEUE == "jobs"
