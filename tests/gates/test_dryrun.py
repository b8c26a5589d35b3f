"""A dry run: any stage under any revision, what differs from the one in force, and not a row written."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import Invalid
from apps.evaluations.evidence import sources as evaluation_sources
from apps.evidence.services import sources
from apps.gates.dryrun import dry_run
from apps.policies.loading import standard_text
from apps.policies.services import publish
from apps.registry.services import report_check
from tests.api.conftest import client_with
from tests.cast import evaluate

STANDARD = standard_text()
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def stricter(project):
    text = STANDARD.replace("expression: data.score >= 18\n", "expression: data.score >= 24\n")
    text = text.replace("expression: brief.complete\n", "expression: brief.complete || !brief.complete\n")
    return publish(text, by=None)


@pytest.fixture
def other_pack(project):
    text = STANDARD.replace("slug: standard", "slug: lenient").replace("Standard method", "Lenient method")
    text = text.replace("- key: bias\n", "- key: fairness\n").replace(
        "checklists.bias", "checklists.fairness"
    )
    return publish(text, by=None)


def written(caught):
    """Return what was written; sessions, token uses and the throttle's counter are kept of every request."""
    kept = [one["sql"] for one in caught.captured_queries if one["sql"].lstrip().startswith(WRITES)]
    return [sql for sql in kept if not re.search("django_session|accounts_token|core_cache", sql)]


def test_a_version_in_development_is_held_to_production_s_gate(version, stricter):
    found = dry_run(version, "production", stricter)
    assert (found.view.gate.key, found.view.revision) == ("production", stricter)
    assert found.in_force.revision.number == stricter.number - 1
    assert {one["key"] for one in found.differences} == {"data_score"}


def test_what_differs_names_both_rules_and_answers(version, stricter):
    found = {one["key"]: one for one in dry_run(version, "staging", stricter).differences}
    assert set(found) == {"data_score", "brief_complete"}
    assert found["brief_complete"]["in_force"]["state"] == "fail"
    assert found["brief_complete"]["asked"]["state"] == "pass"
    assert found["data_score"]["asked"]["expression"] == "data.score >= 24"


def test_checklists_are_read_as_the_other_pack_has_them(version, other_pack):
    results = dry_run(version, "production", other_pack).view.verdict.results
    checklist = next(one for one in results if one.key == "bias_checklist")
    assert checklist.verdict.state == "fail"
    assert [one.url for one in checklist.sources] == [
        reverse("checklists:checklist", args=[version.pk, "fairness"])
    ]
    version.refresh_from_db()
    assert version.model.project.policy_revision.pack.slug == "standard"


def test_a_stage_without_a_gate_is_named_with_those_that_have_one(version, stricter):
    with pytest.raises(Invalid, match="has no gate to “development2”") as caught:
        dry_run(version, "development2", stricter)
    assert caught.value.code == "no_gate"


@pytest.mark.promise("dry run")
def test_the_page_shows_it_and_writes_nothing(client, version, stricter, ben, cleo):
    path = reverse("gates:dry_run", args=[version.pk])
    client.force_login(ben)
    assert client.get(path).status_code == 200
    client.get(
        path, {"to": "production", "revision": f"standard:{stricter.number}"}
    )  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(path, {"to": "production", "revision": f"standard:{stricter.number}"})
    content = answer.content.decode()
    assert answer.status_code == 200
    assert "Fit for production under" in content
    assert "data.score &gt;= 24" in content
    assert "What would have to change" in content
    assert written(caught) == []
    assert (version.promotions.count(), version.snapshots.count()) == (0, 0)
    client.force_login(cleo)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"to": "moon", "revision": "standard:1"},
        {"to": "production", "revision": "standard:99"},
        {"to": "production", "revision": "x"},
        {"to": "production"},
        {"to": "development", "revision": "standard:99999999999999999999"},
    ],
)
def test_a_question_that_cannot_be_answered_says_why(client, version, ben, asked):
    client.force_login(ben)
    answer = client.get(reverse("gates:dry_run", args=[version.pk]), asked)
    assert answer.status_code == 422
    for sentences in answer.context["form"].errors.values():
        assert sentences[0] in html.unescape(answer.content.decode())


def test_the_page_costs_the_same_with_more_rows(client, version, stricter, ben, dev):
    client.force_login(ben)
    path = reverse("gates:dry_run", args=[version.pk])
    asked = {"to": "production", "revision": f"standard:{stricter.number}"}
    report_check(version, name="load_test", status="passed", url="https://ci.example.com/1", by=dev)
    client.get(path, asked)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(path, asked)
    for number in range(3):
        report_check(version, name=f"check_{number}", status="passed", by=dev)
        publish(STANDARD.replace("data.score >= 18", f"data.score >= {10 + number}"), by=None)
    client.get(path, asked)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as three:
        client.get(path, asked)
    assert len(three) == len(one)


@pytest.fixture
def pipeline(ci):
    return client_with(ci.secret)


@pytest.mark.promise("dry run")
def test_the_interface_answers_a_dry_run_and_writes_nothing(pipeline, version, stricter):
    path = f"/api/v1/versions/{version.pk}/gate"
    pipeline.get(path, {"to": "production"})
    with CaptureQueriesContext(connection) as caught:
        found = pipeline.get(
            path, {"to": "production", "policy": "standard", "revision": stricter.number}
        ).json()
    assert found["policy"] == f"standard revision {stricter.number}"
    assert found["dry_run"]["in_force"]["policy"] == f"standard revision {stricter.number - 1}"
    assert [one["key"] for one in found["dry_run"]["differences"]] == ["data_score"]
    assert found["to_change"][0].keys() == {"what", "now", "needed", "title", "state"}
    assert written(caught) == []
    by_number = pipeline.get(path, {"to": "production", "revision": stricter.number}).json()
    assert by_number["policy"] == found["policy"]
    newest = pipeline.get(path, {"to": "production", "policy": "standard"}).json()
    assert newest["policy"] == found["policy"]
    assert pipeline.get(path, {"to": "staging"}).json()["dry_run"] is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"revision": "99"}, "unknown_revision"),
        ({"revision": "four"}, "unknown_revision"),
        ({"policy": "nobody-s"}, "unknown_revision"),
        ({"policy": "standard", "to": "moon"}, "no_gate"),
        ({"policy": "standard", "to": ""}, "stage_missing"),
    ],
)
def test_the_interface_names_what_is_wrong_with_a_dry_run(pipeline, version, asked, code):
    answer = pipeline.get(f"/api/v1/versions/{version.pk}/gate", {"to": "production"} | asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_every_number_of_the_gate_says_where_it_comes_from(pipeline, version, dev):
    evaluation = evaluate(version, by=dev)
    check = report_check(version, name="load_test", status="passed", url="https://ci.example.com/7", by=dev)
    found = pipeline.get(
        f"/api/v1/versions/{version.pk}/gate", {"to": "production", "policy": "standard"}
    ).json()
    criteria = {one["key"]: one for one in found["criteria"]}
    own = {"label": "Evaluation", "url": reverse("evaluations:evaluation", args=[evaluation.pk])}
    assert criteria["ranking"]["sources"] == [own]
    assert criteria["disparate_impact_shown"]["sources"] == [own]
    assert {one["url"] for one in criteria["load_test"]["sources"]} == {
        reverse("registry:check", args=[check.pk]),
        "https://ci.example.com/7",
        reverse("projects:tier", args=[version.model.project.slug]),
    }
    for key in ("bias_checklist", "rubric", "card", "data_score", "budget", "integration_test"):
        assert criteria[key]["sources"], key
        for one in criteria[key]["sources"]:
            assert pipeline_page(version, one["url"]), key
    estimate = criteria["ranking"]["estimate"]
    assert estimate["low"] > 0.65 == estimate["threshold"]
    assert (estimate["n"], estimate["state"], estimate["needed_n"]) == (600, "pass", None)
    held = criteria["equal_opportunity_shown"]["estimate"]
    assert (held["state"], held["relation"]) == ("inconclusive", "at_most")
    assert held["needed_n"] > held["n"]


def pipeline_page(version, url):
    from django.urls import resolve

    return resolve(url.partition("#")[0])


def test_every_branch_of_the_evidence_has_a_page(version, dev):
    evaluate(version, by=dev)
    prefixes = {one.prefix.partition(".")[0] for one in sources(version)}
    expected = "version checks brief data run evaluation costs checklists rubric card"
    assert prefixes >= set(expected.split())
    assert evaluation_sources(version)[0].label == "Evaluation"
