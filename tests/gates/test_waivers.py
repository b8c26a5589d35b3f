"""Waivers: asked by one, granted by another, for one criterion on one evidence, until a day."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import Reauthentication
from apps.accounts.proofs import Proof
from apps.core.errors import Forbidden, Invalid, Refused
from apps.evidence.services import collect
from apps.gates import services
from apps.gates.judging import gate_view
from apps.gates.models import Promotion, Waiver, WaiverGrant, WaiverParty
from apps.jobs import running
from apps.jobs import services as jobs
from apps.notifications.models import Notice
from apps.registry.services import report_check
from tests.cast import PASSWORD
from tests.conftest import superuser
from tests.gates.test_database import refused
from tests.gates.tiny import sign

WHY = "The load test's environment is being rebuilt."


def in_days(days):
    return timezone.now() + timedelta(days=days)


def ask(version, by, *, days=10, criterion="loaded"):
    return services.ask_waiver(
        version, to_stage="production", criterion=criterion, reason=WHY, until=in_days(days), by=by
    )


def let_end(waiver):
    """Move a waiver into the past as nobody but a superuser can."""
    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE gates_waiver SET created_at = now() - interval '2 days', until = now() - interval '1 hour' "
            "WHERE id = %s",
            [waiver.pk],
        )


@pytest.fixture
def asked(failing, dev):
    return ask(failing, dev)


@pytest.fixture
def granted(asked, rita):
    return services.grant_waiver(asked, by=rita, proof=Proof(password=PASSWORD), comment="For this month.")


def test_a_granted_waiver_opens_the_gate_and_leaves_the_evidence_as_it_was(failing, dev, ben, rita):
    before = collect(failing).digest
    assert gate_view(failing, "production").state == "fail"
    waiver = ask(failing, dev)
    assert gate_view(failing, "production").state == "fail"
    services.grant_waiver(waiver, by=rita, proof=Proof(password=PASSWORD))
    view = gate_view(failing, "production")
    assert view.state == "pass"
    shown = {one["key"]: one for one in view.verdict.to_json()["criteria"]}["loaded"]
    assert shown["state"] == "waived"
    assert shown["waiver"]["id"] == str(waiver.pk)
    assert collect(failing).digest == before
    promotion = services.request_promotion(failing, to_stage="production", by=dev)
    sign(promotion, by=ben)
    assert promotion.state == "promoted"


@pytest.mark.promise("9")
@pytest.mark.parametrize("who", ["dev", "ada", "ben", "vera"])
def test_only_the_policy_s_role_grants_and_never_who_asked(asked, who, cast):
    with pytest.raises(Forbidden):
        services.grant_waiver(asked, by=cast[who], proof=Proof(password=PASSWORD))
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_a_risk_officer_with_a_hand_in_the_version_cannot_grant(small, failing, rita, ada, dev):
    from apps.projects.services import change_role

    membership = small.memberships.get(user=rita)
    change_role(membership, role="contributor", by=ada)
    waiver = ask(failing, rita)
    membership.refresh_from_db()
    change_role(membership, role="risk", by=ada)
    with pytest.raises(Forbidden, match="You asked"):
        services.grant_waiver(waiver, by=rita, proof=Proof(password=PASSWORD))
    assert refused(lambda: WaiverParty.objects.create(waiver=waiver, person=rita, kind="granter"))
    proof = Reauthentication.objects.create(user=rita, method="password")
    forged = {"waiver": waiver, "person": rita, "role": "risk", "signer_name": "x", "reauthentication": proof}
    assert refused(lambda: WaiverGrant.objects.create(**forged)) == "gates_waivergrant_party"


def test_a_wrong_password_grants_nothing(asked, rita):
    with pytest.raises(Refused, match="not your password"):
        services.grant_waiver(asked, by=rita, proof=Proof(password="wrong"))
    assert not WaiverGrant.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"until": 31}, "bad_end"),
        ({"until": -1}, "bad_end"),
        ({"reason": "short"}, "reason_missing"),
        ({"criterion": "nothing"}, "unknown_criterion"),
        ({"criterion": "tested"}, "not_needed"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(failing, dev, change, code):
    fields = {"criterion": "loaded", "reason": WHY, "until": 10} | change
    with pytest.raises((Invalid, Refused)) as caught:
        services.ask_waiver(
            failing, to_stage="production", by=dev, **(fields | {"until": in_days(fields["until"])})
        )
    assert caught.value.code == code


def test_a_second_waiver_of_the_same_criterion_is_refused(asked, dev):
    with pytest.raises(Refused) as caught:
        ask(asked.version, dev)
    assert caught.value.code == "waiver_one_live"


@pytest.mark.promise("9")
def test_other_evidence_needs_another_waiver(granted, failing, dev):
    report_check(failing, name="other", status="passed", by=dev)
    assert gate_view(failing, "production").state == "fail"


def test_a_revoked_waiver_stops_the_promotion_that_rests_on_it(granted, failing, dev, ben, rita):
    promotion = services.request_promotion(failing, to_stage="production", by=dev)
    services.revoke_waiver(granted, by=rita, reason="The load test failed for real.")
    with pytest.raises(Refused) as caught:
        sign(promotion, by=ben)
    assert caught.value.code == "stale"
    successor = Promotion.objects.get(pk=caught.value.details["promotion"])
    assert successor.state == "refused"
    failing.refresh_from_db()
    assert failing.stage == "development"


@pytest.mark.promise("9")
def test_the_database_refuses_a_promotion_on_a_revoked_waiver(granted, failing, dev, ben, rita):
    promotion = services.request_promotion(failing, to_stage="production", by=dev)
    services.revoke_waiver(granted, by=rita, reason="The load test failed for real.")
    act = Promotion.objects.filter(pk=promotion.pk).update
    assert (
        refused(lambda: act(state="promoted", closed_at=Now(), lock_version=promotion.lock_version + 1))
        == "gates_promotion_waiver_holds"
    )


@pytest.mark.promise("9")
@pytest.mark.django_db(transaction=True)
def test_a_waiver_ends_by_itself_and_a_job_says_so(granted, failing, dev):
    let_end(granted)
    assert gate_view(failing, "production").state == "fail"
    job = jobs.enqueue("gates.keep_time", {}, by=None)
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    granted.refresh_from_db()
    assert granted.state == "ended"
    assert Notice.objects.filter(kind="gates.waiver_ended").count() == 5


def test_the_end_is_announced_once(failing, dev, rita):
    services.grant_waiver(ask(failing, dev, days=3), by=rita, proof=Proof(password=PASSWORD))
    for _ in range(2):
        services.announce_ending()
    assert Notice.objects.filter(kind="gates.waiver_ends_soon").count() == 5


@pytest.mark.promise("9")
@pytest.mark.parametrize(
    "change", [{"until": in_days(300)}, {"criterion": "tested"}, {"evidence_digest": "0" * 64}]
)
def test_what_a_waiver_covers_cannot_change(granted, change):
    act = Waiver.objects.filter(pk=granted.pk).update
    assert refused(lambda: act(**change, lock_version=granted.lock_version + 1)) == "gates_waiver_fixed"


def test_no_waiver_is_granted_without_a_signature_or_revived(asked, granted, rita):
    act = Waiver.objects.filter(pk=granted.pk).update
    assert refused(lambda: act(state="asked", lock_version=granted.lock_version + 1)) == "gates_waiver_moves"
    assert refused(lambda: Waiver.objects.filter(pk=granted.pk).delete())


def test_a_state_alone_grants_nothing(asked):
    act = Waiver.objects.filter(pk=asked.pk).update
    assert refused(lambda: act(state="granted", lock_version=asked.lock_version + 1)) == "gates_waiver_signed"


def test_a_grant_needs_its_own_fresh_proof(asked, rita, ben):
    WaiverParty.objects.create(waiver=asked, person=rita, kind="granter")
    proof = Reauthentication.objects.create(user=ben, method="password")
    forged = {"waiver": asked, "person": rita, "role": "risk", "signer_name": "x", "reauthentication": proof}
    assert refused(lambda: WaiverGrant.objects.create(**forged)) == "gates_waivergrant_reauthenticated"
