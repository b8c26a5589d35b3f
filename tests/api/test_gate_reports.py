"""The gate in the format that is asked for, with its verdict in a header; and waiting for what may change it."""

import json
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import etree

from apps.accounts import services as accounts
from apps.api import waiting
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.api.conftest import client_with
from tests.gates.test_reporting import read_junit, read_sarif

API = "/api/v1"
TYPES = {
    "json": "application/json",
    "junit": "application/junit+xml",
    "sarif": "application/sarif+json",
    "markdown": "text/markdown; charset=utf-8",
}


@pytest.fixture
def gate(version):
    return f"{API}/versions/{version.pk}/gate?to=staging"


@pytest.mark.parametrize("name", TYPES)
def test_the_gate_answers_in_the_format_asked_for(pipeline, gate, name):
    by_accept = pipeline.get(gate, headers={"Accept": TYPES[name].partition(";")[0]})
    by_name = pipeline.get(f"{gate}&format={name}", headers={"Accept": "application/json"})
    for answer in (by_accept, by_name):
        assert answer.status_code == 200
        assert answer["Content-Type"] == TYPES[name]
        assert answer["Mlgov-Gate"] in {"fail", "missing"}
        assert {"Accept", "Prefer"} <= set(answer["Vary"].replace(" ", "").split(","))
    assert by_accept.content == by_name.content


def test_every_format_says_the_same(pipeline, gate, version):
    whole = pipeline.get(gate).json()
    shut = [one for one in whole["criteria"] if one["severity"] == "block" and one["state"] != "pass"]
    suite = read_junit(pipeline.get(f"{gate}&format=junit").content)[0]
    assert len(suite.findall("testcase")) == len(whole["criteria"])
    assert len(suite.findall("testcase/failure")) == len(shut) > 0
    run = read_sarif(pipeline.get(f"{gate}&format=sarif").content)
    assert {one["ruleId"] for one in run["results"] if one["level"] == "error"} == {
        one["key"] for one in shut
    }
    assert run["properties"]["page"].endswith(f"/versions/{version.pk}/")
    comment = pipeline.get(f"{gate}&format=markdown").content.decode()
    assert whole["evidence_digest"][:12] in comment


@pytest.mark.parametrize(
    ("query", "accept", "status", "code"),
    [
        ("&format=pdf", "*/*", 422, "unknown_format"),
        ("", "image/png", 406, "not_acceptable"),
        ("&to=prodution", "application/junit+xml", 422, "unknown_stage"),
        ("&format=sarif&revision=99", "*/*", 422, None),
    ],
)
def test_what_cannot_be_answered_is_a_problem_in_json(pipeline, gate, query, accept, status, code):
    answer = pipeline.get(gate + query, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert code in {None, answer.json()["code"]}
    assert "Mlgov-Gate" not in answer


def test_a_stranger_finds_no_gate_in_any_format(stranger, gate):
    for name in TYPES:
        answer = stranger.get(f"{gate}&format={name}", headers={"Prefer": "wait=30"})
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"


def test_a_dry_run_is_reported_too(pipeline, gate, version):
    revision = version.model.project.policy_revision.number
    answer = pipeline.get(f"{gate}&format=junit&revision={revision}")
    assert etree.fromstring(answer.content)[0].get("failures") != "0"


def test_the_header_alone_is_to_be_had(pipeline, gate):
    answer = pipeline.head(gate)
    assert answer.status_code == 200
    assert answer["Mlgov-Gate"]


def test_the_gate_asks_as_much_in_each_format(pipeline, gate):
    pipeline.get(gate)
    counts = {}
    for name in TYPES:
        with CaptureQueriesContext(connection) as caught:
            pipeline.get(f"{gate}&format={name}")
        counts[name] = len(caught)
    assert len(set(counts.values())) == 1, counts


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("wait=30", 30),
        ("respond-async, wait=5", 5),
        ('Wait = "7"; x=y', 7),
        ("wait=9999", 60),
        ("wait=-1", None),
        ("wait=soon", None),
        ("await=3", None),
        ("", None),
    ],
)
def test_a_preference_is_read_and_one_not_understood_is_ignored(rf, given, seconds):
    assert waiting.asked_seconds(rf.get("/", headers={"Prefer": given})) == seconds


def test_without_waiting_the_open_jobs_are_counted(pipeline, gate, version):
    assert Job.objects.filter(kind="registry.scan", state="queued").count() == 1
    answer = pipeline.get(gate)
    assert answer["Mlgov-Open-Jobs"] == "1"
    assert "Preference-Applied" not in answer
    answer = pipeline.get(gate, headers={"Prefer": "wait=0"})
    assert (answer["Mlgov-Open-Jobs"], answer["Preference-Applied"]) == ("1", "wait=0")


@pytest.mark.django_db(transaction=True)
def test_the_gate_waits_for_a_job_without_a_connection(pipeline, gate, version, dev, monkeypatch):
    """Time passes only where the request sleeps: what it holds then is looked at, and the job ended."""
    job = Job.objects.get(kind="registry.scan")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        assert connection.connection is None
        if len(slept) == 3:
            jobs.request_cancel(job, by=dev)

    monkeypatch.setattr(time, "sleep", sleep)
    answer = pipeline.get(gate, headers={"Prefer": "wait=30"})
    assert (answer["Mlgov-Open-Jobs"], answer["Preference-Applied"]) == ("0", "wait=30")
    assert len(slept) == 3
    assert slept == sorted(slept)
    assert slept[0] >= 0.1


@pytest.mark.django_db(transaction=True)
def test_a_member_who_leaves_while_waiting_gets_nothing(pipeline, gate, version, dev, ci, ada, monkeypatch):
    job = Job.objects.get(kind="registry.scan")

    def sleep(seconds):
        projects.remove_member(Membership.objects.get(user=ci.user), by=ada)
        jobs.request_cancel(job, by=dev)

    monkeypatch.setattr(time, "sleep", sleep)
    assert pipeline.get(gate, headers={"Prefer": "wait=30"}).status_code == 404


@pytest.fixture
def all_seats():
    """Take every seat of this process."""
    with waiting.seats.one() as first, waiting.seats.one() as second, waiting.seats.one() as third:
        assert (first, second, third) == (True, True, False)
        yield


def test_when_too_many_wait_a_read_says_when_to_ask_again(pipeline, gate, version, all_seats):
    answer = pipeline.get(gate, headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_waiting")
    assert int(answer["Retry-After"]) > 0
    assert pipeline.get(gate).status_code == 200
    job = Job.objects.get(kind="registry.scan")
    assert pipeline.get(f"{API}/jobs/{job.pk}", headers={"Prefer": "wait=30"}).status_code == 503


def test_when_too_many_wait_what_is_started_is_answered_at_once(pipeline, version, all_seats):
    path = f"{API}/versions/{version.pk}/card/pdf"
    answer = pipeline.post(path, headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert "Preference-Applied" not in answer


def test_a_started_job_is_answered_as_it_ended(pipeline, version, dev, monkeypatch):
    path = f"{API}/versions/{version.pk}/card/pdf"
    monkeypatch.setattr(
        time,
        "sleep",
        lambda seconds: jobs.request_cancel(Job.objects.get(kind="modelcards.render_pdf"), by=dev),
    )
    answer = pipeline.post(path, headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer["Preference-Applied"] == "wait=30"
    assert answer["Location"] == path


def test_beside_an_idempotency_key_nothing_waits(pipeline, version):
    headers = {"Prefer": "wait=30", "Idempotency-Key": "once"}
    first = pipeline.post(f"{API}/versions/{version.pk}/card/pdf", headers=headers)
    second = pipeline.post(f"{API}/versions/{version.pk}/card/pdf", headers=headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert json.loads(first.content) == json.loads(second.content)
    assert second["Idempotent-Replayed"] == "true"


def test_a_job_that_has_ended_is_answered_at_once_and_a_stranger_does_not_wait(
    pipeline, stranger, version, dev
):
    job = Job.objects.get(kind="registry.scan")
    path = f"{API}/jobs/{job.pk}"
    assert stranger.get(path, headers={"Prefer": "wait=60"}).status_code == 404
    jobs.request_cancel(job, by=dev)
    answer = pipeline.get(path, headers={"Prefer": "wait=60"})
    assert (answer.json()["state"], answer["Preference-Applied"]) == ("cancelled", "wait=60")


def test_a_token_that_may_not_read_does_not_wait(ci, dev, gate):
    _, secret = accounts.issue_token(ci.user, name="t", scopes=["track"], by=dev)
    assert client_with(secret).get(gate, headers={"Prefer": "wait=60"}).status_code == 403
