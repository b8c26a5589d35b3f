"""What a draft would change: judged from stored evidence by a worker, and not a row written but the job's own."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import Event
from apps.gates import services
from apps.gates.impact import as_revision, project_impact
from apps.gates.queries_policy import shown_impact
from apps.jobs import running
from apps.jobs.models import Job
from apps.policies.services import change_draft, start_draft
from apps.registry.services import report_check
from tests.gates.light import pack, sign, tiny_project, tiny_version

LOADED = "[{key: loaded, title: Under load, expression: checks.load.status == 'passed', remedy: Load it.}]"
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def draft(tiny, adam):
    return start_draft(source=pack(reviewers=2, criteria=LOADED), by=adam, base=tiny.policy_revision)


@pytest.fixture
def history(tiny, light, dev, ben, bea):
    """One version promoted without a load test, one with it, one that waits for production."""
    for number, tested in enumerate((False, True)):
        version = tiny_version(tiny, by=dev, slug=f"past{number}")
        if tested:
            report_check(version, name="load", status="passed", by=dev)
        asked = services.request_promotion(version, to_stage="staging", by=dev)
        sign(asked, ben)
        sign(asked, bea)
    return services.request_promotion(light, to_stage="production", by=dev)


def judge(client, draft):
    path = reverse("gates:preview_policy", args=[draft.pk])
    assert client.post(path).status_code == 302
    job = Job.objects.get(kind="gates.preview_policy", state="queued")
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    return job.result, client.get(path).content.decode()


def test_a_draft_names_what_it_would_change_and_stop(client, tiny, history, draft, adam):
    client.force_login(adam)
    result, page = judge(client, draft)
    assert result["judged"] == {"requests": 1, "versions": 3, "promotions": 2}
    kinds = [row["kind"] for row in result["rows"]]
    assert (kinds.count("request"), kinds.count("promotion")) == (1, 1)
    (stopped,) = [row for row in result["rows"] if row["kind"] == "promotion"]
    assert stopped["name"] == "past0 v1"
    assert "Under load" in stopped["reasons"][0]
    versions = {(row["name"], row["gate"], row["before"], row["after"]) for row in result["rows"]}
    assert ("past0 v1", "production", "pass", "missing") in versions
    assert not [one for one in versions if one[0] == "past1 v1"]
    assert "Promotions that it would have stopped" in page
    assert "past0 v1" in page


def test_nothing_is_written_by_judging(tiny, history, draft):
    revision, events = as_revision(draft), Event.objects.count()
    with CaptureQueriesContext(connection) as caught:
        rows = project_impact(tiny, revision)
    assert rows
    assert not [one for one in caught.captured_queries if one["sql"].lstrip().startswith(WRITES)]
    assert Event.objects.count() == events


def test_a_changed_draft_says_that_the_preview_is_of_before(client, tiny, history, draft, adam):
    client.force_login(adam)
    judge(client, draft)
    change_draft(draft, by=adam, source=pack(reviewers=2))
    page = client.get(reverse("gates:preview_policy", args=[draft.pk])).content.decode()
    assert "The draft has changed since" in page
    change_draft(draft, by=adam, source="slug: [")
    assert client.post(reverse("gates:preview_policy", args=[draft.pk])).status_code == 302
    assert not Job.objects.filter(kind="gates.preview_policy", state="queued").exists()


def test_a_stranger_finds_no_preview_and_an_auditor_starts_none(client, draft, ada, olga):
    path = reverse("gates:preview_policy", args=[draft.pk])
    client.force_login(ada)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    client.force_login(olga)
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 403


def test_changes_in_projects_that_one_may_not_see_are_counted(
    client, tiny, history, draft, adam, ada, dev, cleo
):
    hidden = tiny_project(owner=cleo, slug="hidden", reviewers=2)
    tiny_version(hidden, by=cleo)
    client.force_login(adam)
    result, _ = judge(client, draft)
    job = Job.objects.get(kind="gates.preview_policy")
    assert shown_impact(adam, job)["hidden"] == 0
    theirs = [row for row in result["rows"] if row["project"] == str(hidden.pk)]
    found = shown_impact(dev, job)
    assert found["hidden"] == len(theirs) > 0
    assert all(row["project"] == str(tiny.pk) for _, rows in found["groups"] for row in rows)
