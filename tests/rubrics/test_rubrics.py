"""The rubric: described levels, suggestions, blind scoring and its secrets, history, comparison."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.evidence.services import collect
from apps.jobs import running
from apps.jobs.services import enqueue
from apps.policies.loading import standard_text, vocabulary
from apps.policies.pack import parse_pack
from apps.projects import services as projects
from apps.registry.services import register_version, report_check
from apps.rubrics import queries, services
from apps.rubrics.blind import panel_for
from apps.rubrics.models import Score, Scorecard, Suggestion
from tests.gates import tiny
from tests.rubrics.small import BLIND, POLICY, SOMETIMES, version_under

SECRET = "Nobody may read this yet."


@pytest.fixture
def cast(ada, dev, ben, rita, vera, cleo, olga):
    return {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera, "cleo": cleo, "olga": olga}


@pytest.fixture
def version(cast):
    return version_under(cast, POLICY)


@pytest.fixture
def blind(cast):
    return version_under(cast, BLIND)


def give(version, by, **levels):
    given = [services.Given(key, level, SECRET) for key, level in levels.items()]
    return services.score_all(version, given=given, by=by)


def facts(version):
    return collect(version).document["rubric"]


def board(version):
    return queries.board_of(version, collect(version).document)


@pytest.mark.method("M11.1")
def test_the_standard_rubric_has_the_method_s_dimensions_and_bands():
    rubric = parse_pack(standard_text(), vocabulary()).rubric
    weights = [one.weight for one in rubric.dimensions]
    assert weights == [15, 15, 15, 15, 10, 15, 5, 10]
    assert [rubric.band_of(total) for total in (80, 79.9, 60, 40, 39.9)] == [
        "Production-grade",
        "Good foundations",
        "Good foundations",
        "Prototype",
        "Rework",
    ]


@pytest.mark.method("M11.1")
def test_a_reviewer_scores_by_what_levels_look_like(client, version, ben, vera):
    client.force_login(ben)
    page = reverse("rubrics:rubric", args=[version.pk])
    content = client.get(page).content.decode()
    assert "3: Some tests (what the evidence suggests)" in content
    assert not re.search(r'<input type="radio"[^>]*checked', content)
    assert client.post(page, {}).status_code == 422
    assert client.post(page, {"level_tests": "6"}).status_code == 422
    body = {"level_tests": "2", "comment_tests": "", "level_docs": "0"}
    refused = client.post(page, body)
    assert "say in the comment why it should be 2" in refused.content.decode()
    assert not Score.objects.exists()
    assert client.post(page, body | {"comment_tests": "They are slow."}).status_code == 302
    found = board(version)
    assert (found.total, found.band, found.scored) == (24.0, "Poor", True)
    assert [(one.what, one.gain) for one in found.lifts] == [("Report the check docs.", 40.0)]
    assert facts(version)["dimensions"] == {"tests": 2, "docs": 0}
    tried = client.get(page, {"what_if": 1, "tests": 5, "docs": 5}).content.decode()
    assert "100.0 of 100: Good" in tried
    assert board(version).total == 24.0
    client.force_login(vera)
    assert client.post(page, body).status_code == 403


def test_levels_chosen_on_an_older_page_do_not_undo_newer_ones(client, project, version, ben, rita):
    client.force_login(ben)
    page = reverse("rubrics:rubric", args=[version.pk])
    seen = re.search(r'name="seen" value="(\d+)"', client.get(page).content.decode())[1]
    assert seen == "0"
    services.score(version, dimension="docs", level=5, comment="Whole.", by=rita)
    old = {"level_tests": "3", "level_docs": "0", "seen": seen}
    refused = client.post(page, old)
    assert refused.status_code == 422
    assert "changed by someone else meanwhile" in refused.content.decode()
    assert facts(version)["dimensions"] == {"docs": 5}
    now = re.search(r'name="seen" value="(\d+)"', refused.content.decode())[1]
    assert (
        client.post(page, old | {"level_docs": "5", "comment_docs": "Whole.", "seen": now}).status_code == 302
    )
    assert facts(version)["dimensions"] == {"tests": 3, "docs": 5}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([services.Given("tests", 6)], "whole number from 0 to 5"),
        ([services.Given("taste", 3)], "no dimension “taste”"),
        ([services.Given("tests", 3), services.Given("tests", 4)], "twice"),
        ([], "one dimension at least"),
    ],
)
def test_scores_that_cannot_be(version, ben, given, says):
    with pytest.raises(Invalid, match=says):
        services.score_all(version, given=given, by=ben)


@pytest.mark.method("M11.1")
def test_the_suggestion_is_computed_once_for_the_same_evidence(version, dev):
    def suggest(by=None):
        job = enqueue("rubrics.suggest", {"version": str(version.pk)}, by=by)
        running.run(job.pk, worker="test")
        job.refresh_from_db()
        assert job.state == "succeeded", job.error
        return job.result

    assert suggest()["total"] == 36.0
    assert suggest()["unchanged"]
    assert Event.objects.filter(kind="rubrics.suggestion_computed").count() == 1
    report_check(version, name="docs", status="passed", by=dev)
    assert suggest(dev) == {"total": 76.0}
    assert [one.total for one in Suggestion.objects.order_by("created_at")] == [36.0, 76.0]
    with CaptureQueriesContext(connection) as three:
        points = [(one.number, one.suggested) for one in queries.history_of(version.model)]
    assert points == [(1, 36.0), (1, 76.0)]
    assert len(three) == 3


@pytest.mark.method("M11.1")
def test_two_reviewers_score_unseen_by_each_other_and_by_everybody(client, blind, cast, ben, rita, ada):
    give(blind, ben, tests=5, docs=1)
    address = reverse("rubrics:rubric", args=[blind.pk])
    trail = reverse("portal:audit_project", args=[blind.model.project.slug])
    for name in ("rita", "ada", "dev", "vera", "olga"):
        panel = panel_for(cast[name], board(blind).rubric, board(blind).scorecard)
        assert [dict(one.scores) for one in panel.scorers] == [{}]
        client.force_login(cast[name])
        for path in (address, trail):
            content = client.get(path).content.decode()
            assert SECRET not in content
            assert "5 of 5" not in content
        for path in ("rubric", "rubric/scores", "evidence"):
            told = client.get(f"/api/v1/versions/{blind.pk}/{path}").content.decode()
            assert SECRET not in told
            assert '"levels":{"tests":5' not in told.replace(" ", "")
        assert client.get(f"/api/v1/models/{blind.model_id}/rubric-history").json() == []
        compared = client.get("/api/v1/rubrics").json()
        assert [one["version"] for one in compared if one["project"] == "small"] == [None]
    events = [json.dumps(one.data) for one in Event.objects.filter(kind__startswith="rubrics.")]
    assert not any("level" in one or SECRET in one or "tests" in one for one in events)
    assert (facts(blind)["scored"], facts(blind)["total"], facts(blind)["dimensions"]) == (False, 0, {})
    client.force_login(ben)
    assert SECRET in client.get(address).content.decode()
    give(blind, rita, tests=5)
    assert Scorecard.objects.get(version=blind).revealed_at is None
    with pytest.raises(Refused, match="shown when all reviewers"):
        services.agree(blind, dimension="docs", level=2, reason="We talked it over.", by=ben)


@pytest.mark.method("M11.1")
def test_where_they_differ_they_agree_with_a_reason(client, blind, cast, ben, rita, ada):
    give(blind, ben, tests=5, docs=1)
    give(blind, rita, tests=5, docs=4)
    assert facts(blind)["dimensions"] == {"tests": 5}
    client.force_login(ben)
    page = reverse("rubrics:rubric", args=[blind.pk])
    content = client.get(page).content.decode()
    assert "Ben gave 1, Rita gave 4" in content
    with pytest.raises(Refused, match="All reviewers have finished"):
        give(blind, ben, docs=4)
    with pytest.raises(Refused, match="that is taken"):
        services.agree(blind, dimension="tests", level=1, reason="We talked it over.", by=ben)
    with pytest.raises(Forbidden):
        services.agree(blind, dimension="docs", level=3, reason="We talked it over.", by=ada)
    address = reverse("rubrics:consensus", args=[blind.pk])
    body = {"dimension": "docs", "level": "3", "reason": "Too short"}
    assert client.post(address, body).status_code == 422
    assert client.post(address, body | {"reason": "We read it together."}).status_code == 302
    found = facts(blind)
    assert (found["scored"], found["blind"], found["total"]) == (True, True, 84)
    assert found["agreement"]["kappa"]["n"] == 2
    assert [one.scored for one in queries.history_of(blind.model)] == [84.0]
    revealed = Event.objects.get(kind="rubrics.scores_revealed").data
    assert revealed["levels"] == {"Ben": {"docs": 1, "tests": 5}, "Rita": {"docs": 4, "tests": 5}}
    again = reverse("rubrics:round", args=[blind.pk])
    assert client.post(again, {"reason": "The data changed."}).status_code == 302
    assert not facts(blind)["scored"]
    assert "Ben gave 1" not in client.get(page).content.decode()


def test_a_third_reviewer_comes_too_late(blind, cast, ben, rita, ada):
    give(blind, ben, tests=5, docs=1)
    give(blind, rita, tests=4)
    projects.add_member(blind.model.project, user=cast["cleo"], role="reviewer", by=ada)
    with pytest.raises(Refused, match="2 reviewers score this version already"):
        give(blind, cast["cleo"], tests=1)
    give(blind, ben, tests=4)
    give(blind, rita, docs=1)
    assert facts(blind)["dimensions"] == {"tests": 4, "docs": 1}


def test_a_reviewer_who_never_finishes_holds_nothing_up(client, blind, ben, rita):
    with pytest.raises(Refused, match="no blind scores to agree on"):
        services.start_round(blind, reason="Ben is on leave.", by=rita)
    give(blind, ben, tests=4)
    client.force_login(rita)
    page = reverse("rubrics:rubric", args=[blind.pk])
    assert "Somebody does not finish" in client.get(page).content.decode()
    begun = services.start_round(blind, reason="Ben is on leave.", by=rita)
    assert (begun.round, begun.revealed_at) == (2, None)
    assert SECRET not in client.get(page).content.decode()
    with pytest.raises(Refused, match="nothing to set aside"):
        services.start_round(blind, reason="Ben is on leave.", by=rita)
    give(blind, rita, tests=4, docs=1)


def test_open_scores_do_not_count_where_the_policy_asks_for_blind_ones(cast, dev, ben):
    version = version_under(cast, SOMETIMES)
    report_check(version, name="load", status="failed", by=dev)
    give(version, ben, tests=5, docs=5)
    assert facts(version)["total"] == 100
    report_check(version, name="load", status="passed", by=dev)
    assert (facts(version)["total"], facts(version)["scored"], facts(version)["blind"]) == (0, False, True)
    give(version, ben, tests=1, docs=1)
    card = Scorecard.objects.get(version=version)
    assert (card.round, card.blind) == (2, True)


@pytest.mark.method("M11.1")
def test_projects_are_compared_by_who_may_see_them(client, cast, version, ben, cleo, olga, ada):
    give(version, ben, tests=5, docs=5)
    newer = register_version(version.model, by=cast["dev"])
    give(newer, ben, tests=5)
    other = tiny.tiny_project(cast, slug="other", policy=POLICY)
    address = reverse("rubrics:comparison")

    def rows(user):
        client.force_login(user)
        client.get(address)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(address)
        return [(row.project.slug, row.version) for row, _ in answer.context["page"]], len(caught)

    found, cost = rows(ben)
    assert found == [("small", version), ("other", None)]
    assert rows(cleo)[0] == []
    assert rows(olga)[0] == found
    more = tiny.tiny_version(tiny.tiny_model(other, cast["dev"]), cast["dev"])
    give(more, ben, tests=1, docs=1)
    tiny.tiny_project(cast, slug="third", policy=POLICY)
    found, now = rows(ben)
    assert [slug for slug, _ in found] == ["small", "other", "third"]
    assert now == cost


@pytest.mark.method("M11.1")
def test_reviewers_score_through_the_interface(client, blind, ben, rita):
    def send(path, **body):
        return client.post(f"{base}/{path}", body, content_type="application/json")

    base = f"/api/v1/versions/{blind.pk}/rubric"
    for person, docs in ((ben, 1), (rita, 4)):
        client.force_login(person)
        scores = [
            {"dimension": "tests", "level": 3},
            {"dimension": "docs", "level": docs, "comment": "Read it all."},
        ]
        answer = send("scores", scores=scores)
        assert answer.status_code == 201, answer.json()
    panel = client.get(f"{base}/scores").json()
    assert (panel["revealed"], panel["agreed"]) == (True, {"tests": 3, "docs": None})
    assert [one["levels"]["docs"] for one in panel["scorers"]] == [1, 4]
    reason = "We read it together."
    assert send("consensus", dimension="docs", level=6, reason=reason).status_code == 422
    done = send("consensus", dimension="docs", level=2, reason=reason)
    assert (done.status_code, done.json()["total"]) == (201, 52.0)
    assert send("rounds", reason="The data changed.").json()["scored"] is False
    assert send("scores", scores=[{"dimension": "tests", "level": 6}]).status_code == 422
    silent = send("scores", scores=[{"dimension": "tests", "level": 1}])
    assert silent.json()["code"] == "comment_missing"
