"""Break-glass: loud, with a reason, by whom the policy names, reviewed or nothing goes on."""

import pytest
from django.db.models.functions import Now

from apps.accounts.models import Reauthentication
from apps.accounts.proofs import Proof
from apps.core.errors import Forbidden, Invalid, Refused
from apps.gates import services
from apps.gates.models import BreakGlass, Postmortem, Promotion
from apps.modelcards.content import assemble
from apps.notifications.models import Notice
from tests.cast import PASSWORD
from tests.gates import tiny
from tests.gates.test_database import refused
from tests.gates.test_rollback import make_overdue

WHY = "Fraud is running through the old model; the load test cannot be awaited tonight."


def smash(version, by, **more):
    fields = {"to_stage": "production", "reason": WHY, "proof": Proof(password=PASSWORD)} | more
    return services.break_glass(version, by=by, **fields)


@pytest.mark.promise("9")
def test_a_failing_version_goes_to_production_and_nobody_misses_it(failing, ada):
    promotion = smash(failing, ada)
    failing.refresh_from_db()
    assert failing.stage == "production"
    assert (promotion.kind, promotion.state, promotion.verdict["state"]) == (
        "break_glass",
        "promoted",
        "fail",
    )
    postmortem = Postmortem.objects.get()
    assert (postmortem.blocks, postmortem.caused_by_id) == (True, ada.pk)
    assert Notice.objects.filter(kind="gates.broke_glass").count() == 5
    assert any("broke the glass" in one["text"] for one in assemble(failing).document["exceptions"])


@pytest.mark.parametrize("who", ["dev", "ben", "vera"])
def test_only_whom_the_policy_names(failing, who, cast):
    with pytest.raises(Forbidden, match="owner or risk may break the glass"):
        smash(failing, cast[who])


def test_a_policy_that_says_nothing_has_no_glass_to_break(cast, dev, ada):
    quiet = tiny.POLICY.replace("break_glass: {roles: [owner, risk], review_within_days: 3}\n", "")
    project = tiny.tiny_project(cast, slug="quiet", policy=quiet)
    version = tiny.tiny_version(tiny.tiny_model(project, dev), dev)
    with pytest.raises(Forbidden, match="nobody may"):
        smash(version, ada)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"reason": "It is urgent."}, Invalid),
        ({"proof": Proof(password="wrong")}, Refused),
        ({"to_stage": "archived"}, Invalid),
    ],
)
def test_without_reason_password_or_way_nothing_moves(failing, ada, change, error):
    with pytest.raises(error):
        smash(failing, ada, **change)
    failing.refresh_from_db()
    assert failing.stage == "development"


def test_it_overtakes_the_request_that_waits(passing, dev, ada):
    waiting = services.request_promotion(passing, to_stage="production", by=dev)
    smash(passing, ada)
    waiting.refresh_from_db()
    assert waiting.state == "stale"


@pytest.mark.promise("9")
def test_an_overdue_postmortem_of_the_last_time_forbids_the_next(failing, small_model, dev, ada, rita):
    smash(failing, ada)
    make_overdue(Postmortem.objects.get())
    later = tiny.tiny_version(small_model, dev)
    with pytest.raises(Refused, match="nothing is promoted"):
        smash(later, rita)
    with pytest.raises(Refused, match="nothing is promoted"):
        services.request_promotion(later, to_stage="production", by=dev)
    services.close_postmortem(
        Postmortem.objects.get(), by=rita, outcome="The load test passed the day after."
    )
    smash(later, rita)


def test_the_quorum_still_holds_for_all_others(passing, dev):
    waiting = services.request_promotion(passing, to_stage="production", by=dev)
    act = Promotion.objects.filter(pk=waiting.pk).update
    step = waiting.lock_version + 1
    assert (
        refused(lambda: act(state="promoted", closed_at=Now(), lock_version=step)) == "gates_promotion_quorum"
    )
    assert (
        refused(lambda: act(kind="break_glass", state="promoted", closed_at=Now(), lock_version=step))
        == "gates_promotion_fixed"
    )


def forged(version, by):
    made = services.request_promotion(version, to_stage="production", by=by)
    fields = {
        name: getattr(made, name)
        for name in ("version", "from_stage", "to_stage", "policy_revision", "snapshot", "evidence_digest")
    }
    return Promotion.objects.create(
        **fields, kind="break_glass", verdict=made.verdict, needs_approval=False, requested_by=by
    )


def test_the_database_wants_a_signature_of_the_right_role(failing, dev, ben, ada):
    def without():
        made = forged(failing, dev)
        Promotion.objects.filter(pk=made.pk).update(
            state="promoted", closed_at=Now(), lock_version=made.lock_version + 1
        )

    assert refused(without) == "gates_promotion_glass_signed"

    def signed(person, role, proof_of):
        proof = Reauthentication.objects.create(user=proof_of, method="password")
        BreakGlass.objects.create(
            promotion=forged(failing, dev),
            version=failing,
            person=person,
            role=role,
            signer_name="x",
            reason=WHY,
            reauthentication=proof,
        )

    assert refused(lambda: signed(ben, "reviewer", ben)) == "gates_breakglass_role_held"
    assert refused(lambda: signed(ben, "owner", ben)) == "gates_breakglass_role_held"
    assert refused(lambda: signed(ada, "owner", ben)) == "gates_breakglass_reauthenticated"
