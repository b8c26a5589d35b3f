"""Kill criteria (M1.2): judged by the portal, told in red, and decided by people: stop, or go on until a day."""

import pytest
from django.urls import reverse

from apps.accounts.enums import Scope
from apps.accounts.services import issue_token
from apps.core.errors import Refused
from apps.evidence.services import collect
from apps.findings import services
from apps.findings.enums import FindingState
from apps.findings.judging import judge_project
from apps.findings.models import Finding
from apps.findings.queries import kills_to_decide_for, standing_of
from apps.gates.judging import gate_view
from apps.policies.judge import State, judge
from apps.policies.loading import standard_text
from apps.policies.pack import parse_pack
from apps.projects import services as projects
from tests.findings.test_life import REASON, set_aside, soon
from tests.gates.light import notices

pytestmark = [pytest.mark.django_db, pytest.mark.method("M1.2")]
RULES = {one.key: one for one in parse_pack(standard_text()).method.framing.kill_criteria}


def evaluated(model, baseline, *, task="binary", metric="roc_auc"):
    """The facts of an evaluation whose headline metric is ``model``, beside a baseline's."""
    return {
        "evaluation": {
            "task": task,
            "headline": {"metric": metric},
            "metrics": {metric: {"value": model}},
            "baselines": {"rule": {metric: baseline}, "other": {"brier": 0.2}},
        }
    }


@pytest.mark.parametrize(
    ("key", "facts", "state"),
    [
        ("baseline_suffices", evaluated(0.80, 0.73), State.PASS),
        ("baseline_suffices", evaluated(0.80, 0.72), State.FAIL),
        ("baseline_suffices", evaluated(9.0, 9.9, task="regression", metric="mae"), State.PASS),
        ("baseline_suffices", evaluated(9.0, 10.1, task="regression", metric="mae"), State.FAIL),
        ("data_stays_poor", {"clock": {"days_data_under_minimum": 14.1}}, State.PASS),
        ("data_stays_poor", {"clock": {"days_data_under_minimum": 14.0}}, State.FAIL),
        ("data_stays_poor", {"clock": {"days_data_under_minimum": None}}, State.MISSING),
        ("no_better_than_chance", {"evaluation": {"split": "holdout", "lift_over_random": 0.1}}, State.PASS),
        ("no_better_than_chance", {"evaluation": {"split": "holdout", "lift_over_random": 0.11}}, State.FAIL),
        ("no_better_than_chance", {"evaluation": {"split": "test", "lift_over_random": 0.0}}, State.FAIL),
    ],
)
def test_each_holds_by_its_number(key, facts, state):
    assert judge(RULES[key], facts).state == state


@pytest.fixture
def held(project, ada, version):
    """The project's own criterion holds: no data source is assessed."""
    projects.add_kill_criterion(project, title="No data at all", expression="data.sources == 0", by=ada)
    services.look_at(project)
    return Finding.objects.get(project=project, kind="kill")


def state_of_gate(version):
    view = gate_view(version, "staging", collect(version))
    return next(one.verdict.state for one in view.verdict.results if one.key == "kill_criteria")


def test_it_is_told_in_red_and_keeps_the_gate_shut(client, held, project, version, ada, rita, dev):
    assert notices("findings.kill_holds") == ["Ada", "Rita"]
    assert list(kills_to_decide_for(rita)) == [held]
    assert not kills_to_decide_for(dev).exists()
    assert state_of_gate(version) == State.FAIL
    client.force_login(ada)
    page = client.get(reverse("portal:project", args=[project.slug])).content.decode()
    assert "Kill criterion holds: No data at all" in page
    assert "1 project waits for your decision" in client.get(reverse("portal:home")).content.decode()


def test_going_on_opens_the_gate_until_the_day(held, project, version, rita):
    set_aside(held, rita)
    assert state_of_gate(version) == State.PASS
    assert standing_of(project).undecided == []


def test_a_stopped_project_stays_so_until_somebody_goes_on(client, held, project, version, rita, dev, ada):
    services.decide(held, choice="stop", reason=REASON, by=rita)
    assert state_of_gate(version) == State.FAIL
    assert "Ben" in notices("findings.project_stopped")
    scores = dict.fromkeys(
        ("completeness", "accuracy", "consistency", "timeliness", "relevance", "volume"), 4
    )
    projects.assess_data_source(project, name="applications", scores=scores, by=dev)
    services.look_at(project)
    held.refresh_from_db()
    assert held.state == FindingState.STOPPED
    client.force_login(ada)
    page = client.get(reverse("findings:project", args=[project.slug])).content.decode()
    assert "The project is stopped" in page
    with pytest.raises(Refused, match="that cannot be done with it now"):
        services.decide(held, choice="stop", reason=REASON, by=rita)
    services.decide(held, choice="go_on", reason=REASON, until=soon(), by=rita)
    services.look_at(project)
    held.refresh_from_db()
    assert held.state == FindingState.GONE
    assert [one.choice for one in held.decisions.order_by("id")] == ["stop", "go_on"]


def test_a_criterion_that_holds_is_decided_about_even_if_somebody_retires_it(held, project, ada, rita):
    criterion = project.kill_criteria.get()
    projects.retire_kill_criterion(criterion, by=ada, reason="It asked too much.")
    services.look_at(project)
    held.refresh_from_db()
    assert held.state == FindingState.OPEN
    set_aside(held, rita)
    services.look_at(project)
    held.refresh_from_db()
    assert held.state == FindingState.GONE


def test_for_want_of_evidence_nothing_is_gone(project):
    missing = [one for one in judge_project(project) if one.holds is None]
    assert {one.rule.key for one in missing} >= {"baseline_suffices", "no_better_than_chance"}


def test_what_was_set_aside_can_be_stopped_or_set_aside_anew(held, rita, ada):
    set_aside(held, ada)
    set_aside(held, rita, until=soon(5))
    held.refresh_from_db()
    assert held.until == soon(5)
    services.decide(held, choice="stop", reason=REASON, by=rita)
    held.refresh_from_db()
    assert (held.state, held.until) == (FindingState.STOPPED, None)


def test_no_token_decides_not_even_a_person_s_own(client, held, ada):
    _, secret = issue_token(ada, name="mine", scopes=Scope.values, by=ada)
    answer = client.post(
        f"/api/v1/findings/{held.pk}/decisions",
        {"choice": "stop", "reason": REASON},
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {secret}",
        HTTP_IF_MATCH=f'"{held.lock_version}"',
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "person_needed")


def test_a_word_that_is_no_choice_decides_nothing(client, held, ada):
    client.force_login(ada)
    given = {"choice": "stopp", "reason": REASON, "until": soon(), "lock_version": held.lock_version}
    answer = client.post(reverse("findings:finding", args=[held.pk]), given)
    assert answer.status_code == 422
    assert "Choose go_on or stop" in answer.content.decode()
    assert not held.decisions.exists()
