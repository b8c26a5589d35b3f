"""Kill criteria, rules or machine learning, and the risk tier."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from apps.core.errors import Forbidden, Invalid, Refused
from apps.gates import services as gates
from apps.gates.models import Promotion
from apps.policies.judge import State, judge
from apps.policies.loading import STANDARD, standard_text, vocabulary
from apps.policies.method.framing import recommend
from apps.policies.pack import Gate, PackInvalid, Quorum, parse_pack
from apps.policies.quorums import signatures_on
from apps.policies.services import publish
from apps.projects import services
from apps.projects.evidence import facts
from apps.projects.models import KillCriterion
from apps.projects.queries import kill_criteria_of, tier_of
from tests.gates import light

FRAMING = parse_pack(standard_text()).method.framing
SIGNALS = [one.key for one in FRAMING.signals]
HIGH = {"impact": "severe", "autonomy": "decides", "sensitivity": "special"}
LOW = {"impact": "minor", "autonomy": "advises", "sensitivity": "open"}
#: A policy with the standard tiers, whose production gate takes two risk officers where the tier is high.
TIERED = (
    light.pack().replace(
        "{role: risk, count: 1}",
        "{role: risk, count: 1}, {role: risk, count: 2, when: project.tier == 'high'}",
    )
    + (STANDARD / "60-framing.yaml").read_text()
)


@pytest.mark.method("M1.2")
@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("evaluation.lift_over_rando < 0.1", "Did you mean evaluation.lift_over_random?"),
        ("evaluation.lift_over_random <", "This is not an expression"),
        ("1 < 2", "reads no evidence"),
        ('evaluation.lift_over_random <= "x"', "does not fit the rule"),
        ("monitoring.error_rate > 0.5", "changes by itself"),
        ("", "Write an expression"),
    ],
)
def test_a_criterion_that_cannot_be_judged_is_refused_with_a_sentence(
    client, project, ada, expression, sentence
):
    client.force_login(ada)
    path = reverse("projects:kill_criteria", args=[project.slug])
    if expression:
        answer = client.post(path, {"title": "Stop", "expression": expression})
        assert answer.status_code == 422
        assert sentence in " ".join(answer.context["form"].errors["expression"])
    with pytest.raises(Invalid, match=re.escape(sentence)):
        services.add_kill_criterion(project, title="Stop", expression=expression, by=ada)
    assert not KillCriterion.objects.exists()


@pytest.mark.method("M1.2")
def test_own_criteria_stand_beside_the_policy_s_until_they_are_retired(
    client, pipeline, project, ada, dev, cleo
):
    with pytest.raises(Forbidden):
        services.add_kill_criterion(project, title="Stop", expression="costs.month > 900.0", by=dev)
    client.force_login(ada)
    path = reverse("projects:kill_criteria", args=[project.slug])
    assert client.post(path, {"title": "Too dear", "expression": "costs.month > 900.0"}).status_code == 302
    assert [one.title for one in kill_criteria_of(project)][-1] == "Too dear"
    assert len(kill_criteria_of(project)) == len(FRAMING.kill_criteria) + 1 == 4
    own = KillCriterion.objects.get()
    assert judge(kill_criteria_of(project)[-1], {"costs": {"month": 1000.0}}).state == State.PASS
    retire = reverse("projects:retire_kill_criterion", args=[project.slug, own.pk])
    assert client.post(retire, {"reason": " "}).status_code == 422
    assert client.post(retire, {"reason": "The budget was raised."}).status_code == 302
    assert "The budget was raised." in client.get(path).content.decode()
    assert len(kill_criteria_of(project)) == 3
    with pytest.raises(Refused, match="retired already"):
        services.retire_kill_criterion(own, reason="Again", by=ada)
    assert pipeline.get(f"/api/v1/projects/{project.pk}/kill-criteria").json()["results"][0]["retired_at"]
    client.force_login(cleo)
    assert client.get(retire).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/projects/mortgages/kill-criteria/",
            "/projects/mortgages/approach/",
            "/projects/mortgages/platform/",
        ),
        *("/api/v1/projects/{pk}/kill-criteria", "/api/v1/projects/{pk}/platform"),
        "/api/v1/projects/{pk}/brief/revisions",
    ],
)
def test_a_list_costs_the_same_however_long(client, project, ada, path):
    client.force_login(ada)
    counts = []
    for number, part in enumerate(("serving", "monitoring", "registry")):
        services.add_kill_criterion(project, title=f"t{number}", expression="costs.month > 1.0", by=ada)
        services.answer_approach(project, answers=answers(), by=ada)
        services.note_component(project, component=part, state="in_place", tool="Ours", owner=ada, by=ada)
        services.change_brief(project, by=ada, baseline=f"Text {number}")
        client.get(path.format(pk=project.pk))  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as found:
            assert client.get(path.format(pk=project.pk)).status_code == 200
        counts.append(len(found))
    assert counts[1] == counts[2]


@pytest.mark.method("M1.2")
@pytest.mark.parametrize(
    ("key", "known", "holds"),
    [
        ("no_better_than_chance", {"split": "holdout", "lift_over_random": 0.1}, True),
        ("no_better_than_chance", {"split": "holdout", "lift_over_random": 0.11}, False),
        ("baseline_suffices", {"task": "binary", "best": 0.73, "model": 0.8}, True),
        ("baseline_suffices", {"task": "binary", "best": 0.71, "model": 0.8}, False),
        ("baseline_suffices", {"task": "regression", "best": 1.1, "model": 1.0}, True),
        ("baseline_suffices", {"task": "regression", "best": 1.2, "model": 1.0}, False),
    ],
)
def test_the_policy_s_criteria_hold_where_the_method_says(key, known, holds):
    if "best" in known:
        baselines = {"poor": {"roc_auc": None}, "rule": {"roc_auc": known["best"]}}
        known = known | {
            "baselines": baselines,
            "headline": {"metric": "roc_auc"},
            "metrics": {"roc_auc": {"value": known["model"]}},
        }
    criterion = next(one for one in FRAMING.kill_criteria if one.key == key)
    assert (judge(criterion, {"evaluation": known}).state == State.PASS) is holds


def answers(**said):
    return {**dict.fromkeys(SIGNALS, "no"), "labelled_examples": "yes", **said}


@pytest.mark.method("M1.3")
@pytest.mark.parametrize(
    ("said", "outcome", "reasons"),
    [
        (answers(few_rules="yes"), "rules", 2),
        (answers(labelled_examples="no"), "rules", 1),
        (answers(too_complex="yes", must_adapt="yes"), "ml", 3),
        (answers(too_complex="yes", must_be_audited="yes"), "hybrid", 3),
        (answers(too_complex="yes", labelled_examples="no"), "hybrid", 2),
        (dict.fromkeys(SIGNALS, "unsure"), "rules", 0),
    ],
)
def test_the_answers_come_to_a_recommendation_with_its_reasons(said, outcome, reasons):
    found = recommend(FRAMING, said)
    assert (found.key, len(found.reasons)) == (outcome, reasons)
    assert recommend(FRAMING, {key: said[key] for key in SIGNALS[1:]}) is None


@pytest.mark.method("M1.3")
def test_the_newest_answers_count_and_older_ones_stay(client, pipeline, project, version, dev):
    api = f"/api/v1/projects/{project.pk}/approach"
    assert pipeline.get(api).status_code == 404
    assert facts(version, {})["brief"]["approach"] == {"answered": False, "recommended": None}
    bad = pipeline.post(api, {"answers": {**answers(), "few_rule": "yes"}}, format="json")
    assert bad.status_code == 422
    assert "Did you mean few_rules?" in bad.json()["detail"]
    assert pipeline.post(api, {"answers": {"few_rules": "yes"}}, format="json").status_code == 422
    client.force_login(dev)
    path = reverse("projects:approach", args=[project.slug])
    notes = {"note_few_rules": "Seven would do."}
    assert client.post(path, answers(few_rules="yes") | notes).status_code == 302
    made = pipeline.post(api, {"answers": answers(too_complex="yes")}, format="json").json()
    assert (made["recommendation"]["key"], project.approaches.count()) == ("ml", 2)
    assert facts(version, {})["brief"]["approach"] == {"answered": True, "recommended": "ml"}
    assert "Machine learning" in client.get(path).content.decode()
    assert client.post(path, {"few_rules": "perhaps"}).status_code == 422


def test_a_tier_follows_from_the_answers_and_says_why(client, pipeline, project, version, ada, dev):
    assert facts(version, {})["project"] == {"tier": "unset", "tier_set": False}
    for said, code in (
        ({**HIGH, "impact": "huge"}, "unknown_option"),
        ({**HIGH, "impct": "severe"}, "unknown_question"),
    ):
        with pytest.raises(Invalid) as error:
            services.set_tier(project, answers=said, reason="Because.", by=ada)
        assert error.value.code == code
    with pytest.raises(Invalid, match="Say why"):
        services.set_tier(project, answers=HIGH, reason=" ", by=ada)
    with pytest.raises(Forbidden):
        services.set_tier(project, answers=LOW, reason="It is harmless.", by=dev)
    body = {"answers": LOW, "reason": "It is harmless."}
    assert pipeline.put(f"/api/v1/projects/{project.pk}/tier", body, format="json").status_code == 403
    client.force_login(ada)
    path = reverse("projects:tier", args=[project.slug])
    assert client.post(path, {**HIGH, "impact": "huge", "reason": "x"}).status_code == 422
    assert client.post(path, {**HIGH, "reason": "It lends money."}).status_code == 302
    assert (tier_of(project).level, tier_of(project).points) == ("high", 8)
    overview = client.get(reverse("portal:project", args=[project.slug])).content.decode()
    assert "High risk" in overview
    assert "It lends money." in overview
    assert facts(version, {})["project"] == {"tier": "high", "tier_set": True}


def test_the_tier_chooses_the_signatures_and_a_changed_tier_makes_them_stale(ada, dev, ben, rita):
    members = ((dev, "contributor"), (ben, "reviewer"), (rita, "risk"))
    project = tiered_project(ada, members)
    version = light.tiny_version(project, by=dev)
    promotion = gates.request_promotion(version, to_stage="production", by=dev)
    assert seats(promotion) == {"reviewer": 1, "risk": 1}
    light.sign(promotion, ben)
    services.set_tier(project, answers=HIGH, reason="It lends money.", by=ada)
    with pytest.raises(Refused) as error:
        light.sign(promotion, rita)
    assert error.value.code == "stale"
    successor = Promotion.objects.get(replaces=promotion)
    assert seats(successor) == {"reviewer": 1, "risk": 2}
    assert not successor.approvals.exists()


def tiered_project(owner, members):
    revision = publish(TIERED, by=None)
    with override_settings(DEFAULT_POLICY_PACK=revision.pack.slug):
        project = services.create_project(slug="tiered", name="Tiered", by=owner)
    for member, role in members:
        services.add_member(project, user=member, role=role, by=owner)
    return project


def seats(promotion):
    return dict(promotion.required_roles.values_list("role", "count"))


@pytest.mark.parametrize(
    ("known", "risk"),
    [({"project": {"tier": "high"}}, 2), ({"project": {"tier": "unset"}}, 1), ({}, 2)],
)
def test_what_is_not_known_makes_no_gate_easier(known, risk):
    gate = Gate("g", "G", (), (Quorum("risk", 1), Quorum("risk", 2, when="project.tier == 'high'")))
    assert signatures_on(gate, known) == (Quorum("risk", risk),)


def test_the_standard_gate_is_today_s_without_a_tier_stricter_when_high_and_easier_when_low():
    gate = parse_pack(standard_text(), vocabulary()).gate("production")
    conditional = {one.key: one.when for one in gate.criteria if "project.tier" in one.when}
    assert conditional == {
        "disparate_impact_certain": "project.tier == 'high'",
        "rubric_high": "project.tier == 'high'",
        "approach": "project.tier == 'high'",
        "load_test": "(project.tier != 'low')",
    }
    assert signatures_on(gate, {"project": {"tier": "medium"}}) == (Quorum("reviewer", 1), Quorum("risk", 1))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "[{role: reviewer, count: 1}]",
            "[{role: reviewer, count: 1, when: project.tier == 'high'}]",
            "Leave one without",
        ),
        ("project.tier == 'high'", "project.teir == 'high'", "Did you mean project.tier"),
        ("- key: high", "- key: unset", "Name the tier otherwise"),
        (
            "key: medium, title: Medium risk, from: 3",
            "key: medium, title: Medium risk, from: 0",
            "above the one before",
        ),
        ("from: 6", "from: 60", "no project gets here"),
        ("key: too_complex", "key: few_rules", "used twice"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_with_its_line(old, new, sentence):
    changed = TIERED.replace(old, new)
    assert changed != TIERED
    with pytest.raises(PackInvalid) as error:
        parse_pack(changed, vocabulary())
    assert sentence in str(error.value)
