"""Separation of duties by what the rows say, also for what happened after the request was opened."""

import io

import pytest
from django.db import DatabaseError, transaction

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication
from apps.accounts.proofs import Proof
from apps.core.db import constraint_name
from apps.core.errors import Forbidden, Refused
from apps.evaluations import services as evaluations
from apps.experiments import services as experiments
from apps.gates import services
from apps.gates.enums import ParticipantKind
from apps.gates.lineage import contributors_of
from apps.gates.models import Approval, Participant, Promotion
from apps.modelcards import services as cards
from apps.projects import services as projects
from apps.projects.models import Membership
from apps.registry import services as registry
from apps.rubrics import services as rubrics
from tests.cast import COLUMNS, PASSWORD, predictions_csv
from tests.gates.light import sign, tiny_version


def become(project, user, role, *, by):
    """Give a member another role."""
    return projects.change_role(Membership.objects.get(project=project, user=user), role=role, by=by)


def upload(version, *, by):
    stream = io.BytesIO(predictions_csv(rows=60))
    return evaluations.upload_predictions(version, stream=stream, columns=COLUMNS, dataset="h", by=by)


@pytest.mark.promise("1")
def test_each_kind_of_hand_is_found_and_named(version, project, ada, dev, ben, rita):
    experiments.log_artifact(version.run, path="a", stream=io.BytesIO(b"x"), by=ada)
    assert contributors_of(version) == {
        dev.pk: "You started the training run",
        ada.pk: "You uploaded a file of the training run",
    }
    cards.change_card(version, fields={"intended_use": "Loans."}, by=rita)
    assert contributors_of(version)[rita.pk] == "You wrote the model card"
    assert ben.pk not in contributors_of(version)


@pytest.mark.promise("1")
def test_a_token_s_work_is_its_owner_s(project, model, ci, dev):
    version = registry.register_version(model, by=ci.user)
    registry.report_check(version, name="load_test", status="passed", by=ci.user)
    assert contributors_of(version) == {dev.pk: "You registered this version"}


def test_scoring_the_rubric_and_the_brief_do_not_exclude(version, ben, ada):
    from apps.policies.queries import pack_of
    from tests.cast import BRIEF

    pack = pack_of(version.model.project.policy_revision)
    rubrics.score(version, dimension=pack.rubric.dimensions[0].key, level=3, by=ben)
    projects.change_brief(version.model.project, by=ada, **BRIEF)
    assert {ben.pk, ada.pk}.isdisjoint(contributors_of(version))


@pytest.mark.promise("1")
def test_who_contributes_after_the_request_opened_does_not_sign(request_, light, tiny, ben, ada):
    # A role of then: Ben uploads while he is a contributor, and reviews again afterwards.
    become(tiny, ben, "contributor", by=ada)
    upload(light, by=ben)
    become(tiny, ben, "reviewer", by=ada)
    with pytest.raises(Forbidden, match="uploaded the evidence"):
        sign(request_, ben)
    assert request_.approvals.count() == 0


def test_who_signed_and_contributed_afterwards_does_not_count(request_, light, tiny, ben, bea, rita, ada):
    sign(request_, ben)
    become(tiny, ben, "contributor", by=ada)
    upload(light, by=ben)
    sign(request_, bea)
    sign(request_, rita)
    request_.refresh_from_db()
    assert request_.state == "open"
    kept = request_.approvals.get(person=ben)
    assert kept.withdrawn_at is not None
    assert "contributed afterwards (uploaded the evidence)" in kept.withdrawal_reason


@pytest.mark.promise("1")
def test_the_database_refuses_a_maker_s_signature_whatever_the_code_does(request_, light, tiny, ben, ada):
    become(tiny, ben, "contributor", by=ada)
    upload(light, by=ben)
    become(tiny, ben, "reviewer", by=ada)
    Participant.objects.create(
        promotion=request_, person=ben, kind=ParticipantKind.APPROVER, because="forged"
    )
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        forged(request_, ben)
    assert constraint_name(caught.value) == "gates_approval_own_work"


@pytest.mark.promise("1")
def test_the_database_promotes_nothing_that_a_maker_signed(request_, light, tiny, ben, bea, rita, ada):
    sign(request_, ben)
    sign(request_, bea)
    become(tiny, ben, "contributor", by=ada)
    upload(light, by=ben)
    Participant.objects.create(promotion=request_, person=rita, kind="approver", because="forged")
    forged(request_, rita, role="risk")
    request_.refresh_from_db()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Promotion.objects.filter(pk=request_.pk).update(
            state="promoted", closed_at=request_.created_at, lock_version=request_.lock_version + 1
        )
    assert constraint_name(caught.value) == "gates_approval_own_work"


def forged(promotion, person, *, role="reviewer", **more):
    """Insert a signature past the services."""
    return Approval.objects.create(
        promotion=promotion,
        person=person,
        role=role,
        decision="approve",
        meaning="x",
        signer_name="x",
        evidence_digest=promotion.evidence_digest,
        reauthentication=Reauthentication.objects.create(user=person, method="password"),
        **more,
    )


@pytest.mark.promise("4")
def test_two_reviewers_and_risk_and_nobody_twice(request_, ben, bea, rita):
    sign(request_, ben)
    with pytest.raises(Refused, match="signed this already"):
        sign(request_, ben)
    sign(request_, rita)
    assert request_.state == "open"
    sign(request_, bea)
    assert request_.state == "promoted"


def test_a_person_has_one_role_and_fills_one_seat(request_, tiny, ben, bea, rita, ada):
    """A reviewer who becomes a risk officer after signing does not fill both seats."""
    sign(request_, ben)
    sign(request_, bea)
    become(tiny, ben, "risk", by=ada)
    with pytest.raises(Refused, match="signed this already"):
        sign(request_, ben)
    assert request_.state == "open"
    sign(request_, rita)
    assert request_.state == "promoted"


@pytest.mark.promise("31")
def test_a_service_account_signs_nothing(request_, tiny, ben, ada):
    account = accounts.create_service_account("robot", owner=ben, by=ben)
    projects.add_member(tiny, user=account, role="contributor", by=ada)
    with pytest.raises(Forbidden, match="Only a person"):
        services.approve(
            request_, by=account, proof=Proof(password=PASSWORD), digest=request_.evidence_digest
        )


def test_a_second_version_has_its_own_makers(light, tiny, dev, ada):
    other = tiny_version(tiny, by=ada)
    assert set(contributors_of(light)) == {dev.pk}
    assert set(contributors_of(other)) == {ada.pk}
