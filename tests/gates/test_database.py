"""What the database itself refuses, whatever the code above it does."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Reauthentication
from apps.accounts.proofs import Proof
from apps.core.db import constraint_name
from apps.gates import services
from apps.gates.models import Approval, Participant, Promotion
from apps.registry.models import Version
from tests.cast import PASSWORD
from tests.gates.test_promoting import STAGING


@pytest.fixture
def asked(ready, dev):
    return services.request_promotion(ready, to_stage="staging", by=dev)


def refused(act) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        act()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return constraint_name(caught.value) or str(caught.value)


def forge(promotion, person, *, kind="approver", role="reviewer", digest=None, proof=None):
    """Insert a signature past the services."""
    if kind:
        Participant.objects.create(promotion=promotion, person=person, kind=kind, because="forged")
    Approval.objects.create(
        promotion=promotion,
        person=person,
        role=role,
        decision="approve",
        meaning="x",
        signer_name="x",
        evidence_digest=digest or promotion.evidence_digest,
        reauthentication=proof or Reauthentication.objects.create(user=person, method="password"),
    )


@pytest.mark.promise("1")
def test_who_asked_cannot_be_an_approver_too(asked, dev):
    assert refused(lambda: forge(asked, dev)).startswith("gates_participant")


@pytest.mark.promise("2")
def test_a_signature_needs_the_evidence_of_its_request(asked, ben):
    assert refused(lambda: forge(asked, ben, digest="0" * 64)) == "gates_approval_digest"


@pytest.mark.promise("4")
def test_a_signature_needs_a_role_held_now(asked, vera):
    assert refused(lambda: forge(asked, vera)) == "gates_approval_role_held"


@pytest.mark.promise("3")
def test_a_signature_needs_the_signer_s_own_confirmation(asked, ben, rita):
    other = Reauthentication.objects.create(user=rita, method="password")
    assert refused(lambda: forge(asked, ben, proof=other)) == "gates_approval_reauthenticated"


@pytest.mark.promise("4")
def test_nothing_is_promoted_without_its_signatures(asked):
    act = Promotion.objects.filter(pk=asked.pk).update
    assert (
        refused(lambda: act(state="promoted", lock_version=asked.lock_version + 1))
        == "gates_promotion_quorum"
    )


@pytest.mark.promise("6")
def test_a_closed_request_stays_closed(asked, dev):
    services.withdraw_promotion(asked, by=dev)
    act = Promotion.objects.filter(pk=asked.pk).update
    assert refused(lambda: act(state="open", closed_at=None)) == "gates_promotion_closed_for_good"


@pytest.mark.promise("6")
def test_a_version_does_not_move_by_itself(asked):
    act = Version.objects.filter(pk=asked.version_id).update
    assert refused(lambda: act(stage="production"))


@pytest.mark.promise("3")
def test_a_signature_is_not_changed_and_not_removed(asked, ben):
    approval = services.approve(
        asked, by=ben, proof=Proof(password=PASSWORD), digest=asked.evidence_digest, meaning=STAGING
    )
    change = Approval.objects.filter(pk=approval.pk).update
    assert refused(lambda: change(meaning="something else")) == "gates_approval_immutable"
    assert refused(lambda: Approval.objects.filter(pk=approval.pk).delete())
