"""Ask, sign, promote: the main way, and what stands in it."""

import io

import pytest
from django.urls import reverse

from apps.accounts.proofs import Proof
from apps.core.errors import Forbidden, Invalid, Refused
from apps.costs import services as costs
from apps.gates import services
from apps.gates.models import Promotion
from apps.registry.models import Version
from apps.registry.services import register_version
from tests.cast import PASSWORD, evaluate, make_ready, weights

STAGING = "I looked at the evaluation and the version may enter staging"
PRODUCTION = "I reviewed the evidence and approve the release to production"


def sign(promotion, *, by, meaning, **more):
    return services.approve(
        promotion,
        by=by,
        proof=Proof(password=PASSWORD),
        digest=promotion.evidence_digest,
        meaning=meaning,
        **more,
    )


def to_staging(version, *, by, reviewer):
    promotion = services.request_promotion(version, to_stage="staging", by=by)
    assert promotion.state == "open", promotion.verdict
    sign(promotion, by=reviewer, meaning=STAGING)
    version.refresh_from_db()
    return version


@pytest.fixture
def staged(ready, dev, ben):
    return to_staging(ready, by=dev, reviewer=ben)


@pytest.fixture
def asked(staged, dev):
    promotion = services.request_promotion(staged, to_stage="production", by=dev)
    assert promotion.state == "open", [one for one in promotion.verdict["criteria"] if one["state"] != "pass"]
    return promotion


def test_reviewer_and_risk_sign_and_the_version_is_in_production(asked, ben, rita):
    sign(asked, by=ben, meaning=PRODUCTION)
    assert asked.state == "open"
    sign(asked, by=rita, meaning=PRODUCTION)
    assert asked.state == "promoted"
    assert Version.objects.get(pk=asked.version_id).stage == "production"
    assert list(asked.version.transitions.order_by("sequence").values_list("from_stage", "to_stage")) == [
        ("development", "staging"),
        ("staging", "production"),
    ]


@pytest.mark.promise("7")
def test_a_newer_version_replaces_the_one_in_production(asked, ben, rita, model, run, dev, ada):
    for user in (ben, rita):
        sign(asked, by=user, meaning=PRODUCTION)
    second = register_version(model, by=dev, run=run, artifact_stream=io.BytesIO(weights()))
    make_ready(second, owner=ada, contributor=dev, reviewer=ben)
    to_staging(second, by=dev, reviewer=ben)
    promotion = services.request_promotion(second, to_stage="production", by=dev)
    for user in (ben, rita):
        sign(promotion, by=user, meaning=PRODUCTION)
    stages = dict(model.versions.values_list("number", "stage"))
    assert stages == {1: "archived", 2: "production"}
    staging = {one["key"]: one for one in second.promotions.get(to_stage="staging").verdict["criteria"]}
    held = staging["beats_champion"]
    assert (held["state"], held["estimate"]["value"], held["estimate"]["n"]) == ("pass", 0, 600)
    assert "None of 6 slices is worse beyond chance" in held["reason"]


def test_a_version_worse_than_the_champion_stays_in_development_and_its_slices_are_told(
    asked, ben, rita, model, run, dev
):
    from apps.registry.services import register_version

    for user in (ben, rita):
        sign(asked, by=user, meaning=PRODUCTION)
    worse = register_version(model, by=dev, run=run)
    evaluation = evaluate(worse, by=dev, biased=True)
    refused = services.request_promotion(worse, to_stage="staging", by=dev)
    assert refused.state == "refused"
    held = next(one for one in refused.verdict["criteria"] if one["key"] == "beats_champion")
    assert held["state"] == "fail"
    assert held["estimate"]["name"] == "champion.comparison.gains.f1"
    slices = {one["name"]: one for one in held["estimates"][1:]}
    assert slices["race B accuracy"]["state"] == "inconclusive"
    assert slices["race B accuracy"]["q"] > 0.05
    pages = {one["url"] for one in held["sources"]}
    assert reverse("evaluations:evaluation", args=[evaluation.pk]) in pages
    assert reverse("portal:version", args=[asked.version_id]) in pages


def test_the_gate_refuses_and_says_which_criterion_failed(staged, dev):
    evaluate(staged, by=dev, biased=True, seed=3)
    promotion = services.request_promotion(staged, to_stage="production", by=dev)
    assert promotion.state == "refused"
    failed = {one["key"]: one for one in promotion.verdict["criteria"] if one["state"] == "fail"}
    assert "disparate_impact" in failed
    assert failed["disparate_impact"]["looked_at"][0]["path"] == "evaluation.fairness_worst.disparate_impact"


def test_without_evidence_the_gate_refuses_as_missing(version, dev):
    promotion = services.request_promotion(version, to_stage="staging", by=dev)
    assert promotion.state == "refused"
    assert promotion.verdict["state"] in {"fail", "missing"}


def test_an_unknown_stage_is_answered_with_those_that_can_be_reached(ready, dev):
    with pytest.raises(Invalid, match="staging") as caught:
        services.request_promotion(ready, to_stage="prodution", by=dev)
    assert caught.value.code == "unknown_stage"


@pytest.mark.promise("4")
def test_a_second_request_while_one_is_open_is_refused(asked, dev):
    with pytest.raises(Refused) as caught:
        services.request_promotion(asked.version, to_stage="production", by=dev)
    assert caught.value.code == "open_already"
    assert caught.value.details["promotion"] == str(asked.pk)


@pytest.mark.parametrize("who", ["dev", "ada", "vera"])
def test_who_asked_contributed_or_only_looks_cannot_sign(asked, who, request):
    with pytest.raises(Forbidden):
        sign(asked, by=request.getfixturevalue(who), meaning=PRODUCTION)
    assert asked.approvals.count() == 0


@pytest.mark.promise("1")
def test_a_reviewer_who_answered_the_checklist_cannot_sign(staged, ben, dev):
    from apps.checklists.services import answer

    answer(staged.checklists.get(), item="edge_cases", value="yes", by=ben)
    promotion = services.request_promotion(staged, to_stage="production", by=dev)
    with pytest.raises(Forbidden, match="answered the checklist"):
        sign(promotion, by=ben, meaning=PRODUCTION)


@pytest.mark.promise("2")
def test_approval_after_the_evidence_changed_opens_a_new_request(asked, ben, project, dev):
    import datetime

    costs.record_cost(
        project,
        kind="training",
        amount="5",
        currency="USD",
        spent_on=datetime.date(2026, 1, 1),
        version=asked.version,
        by=dev,
    )
    with pytest.raises(Refused) as caught:
        sign(asked, by=ben, meaning=PRODUCTION)
    assert caught.value.code == "stale"
    assert [one["path"] for one in caught.value.details["changed"]] == ["costs.version_total"]
    asked.refresh_from_db()
    assert asked.state == "stale"
    successor = Promotion.objects.get(pk=caught.value.details["promotion"])
    assert (successor.state, successor.replaces_id, successor.approvals.count()) == ("open", asked.pk, 0)


@pytest.mark.promise("3")
def test_a_wrong_password_signs_nothing_and_is_remembered(asked, ben):
    from apps.audit.models import Event

    with pytest.raises(Refused, match="not your password"):
        services.approve(
            asked, by=ben, proof=Proof(password="wrong"), digest=asked.evidence_digest, meaning=PRODUCTION
        )
    assert asked.approvals.count() == 0
    assert Event.objects.filter(kind="accounts.reauthentication_failed", actor_id=ben.pk).exists()


@pytest.mark.promise("3")
def test_a_meaning_must_be_chosen(asked, ben):
    with pytest.raises(Invalid, match="means"):
        sign(asked, by=ben, meaning="whatever")


@pytest.mark.promise("4")
def test_rejection_needs_words_and_closes(asked, ben):
    with pytest.raises(Invalid):
        sign(asked, by=ben, meaning="", decision="reject", comment="no")
    sign(asked, by=ben, meaning="", decision="reject", comment="The holdout is too old.")
    assert asked.state == "rejected"


def test_asking_for_changes_blocks_until_it_is_taken_back(asked, ben, rita):
    given = sign(asked, by=ben, meaning="", decision="ask_changes", comment="Explain the features.")
    sign(asked, by=rita, meaning=PRODUCTION)
    assert asked.state == "open"
    services.withdraw_approval(given, by=ben, reason="It is explained now.")
    asked.refresh_from_db()
    sign(asked, by=ben, meaning=PRODUCTION)
    assert asked.state == "promoted"


def test_the_requester_takes_the_request_back(asked, dev, ben):
    with pytest.raises(Refused):
        services.withdraw_promotion(asked, by=ben)
    assert services.withdraw_promotion(asked, by=dev).state == "withdrawn"


def test_retiring_needs_no_signature(ready, dev):
    promotion = services.request_promotion(ready, to_stage="archived", by=dev)
    assert promotion.state == "promoted"
    ready.refresh_from_db()
    assert ready.stage == "archived"
