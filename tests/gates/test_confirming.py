"""What a signature rests on: the signer's own password, code or passkey, given now, and good for once."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.accounts.services.confirming import WRONG_PROOFS
from apps.audit.models import Event
from apps.core.db import constraint_name
from apps.core.errors import Invalid, Refused
from apps.gates import services
from apps.gates.models import Approval, Participant
from apps.policies.loading import standard_text
from apps.policies.pack import parse_pack
from tests.cast import PASSWORD, code_of, open_request, set_up_code, sign

STAGING = "I looked at the evaluation and the version may enter staging"


@pytest.fixture
def asked(version, dev):
    return open_request(version, by=dev)


@pytest.fixture
def guarded(version, dev):
    return open_request(version, by=dev, second_factor=True)


def approve(promotion, by, **proof):
    return services.approve(
        promotion, by=by, proof=Proof(**proof), digest=promotion.evidence_digest, meaning=STAGING
    )


def test_a_password_signs_and_the_signature_says_so(asked, ben):
    assert sign(asked, by=ben).reauthentication.method == "password"
    assert Event.objects.get(kind="gates.approved").data["confirmed_with"] == "password"


@pytest.mark.promise("second factor")
@pytest.mark.parametrize("proof", [{"password": PASSWORD}, {"password": PASSWORD, "code": ""}])
def test_a_gate_that_demands_a_second_factor_takes_no_password_alone(guarded, ben, proof):
    with pytest.raises(Refused, match="you have none"):
        approve(guarded, ben, **proof)
    set_up_code(ben)
    with pytest.raises(Refused, match="demands a second factor"):
        approve(guarded, ben, **proof)
    assert not Approval.objects.exists()
    assert not Event.objects.filter(kind="accounts.reauthentication_failed").exists()


def test_it_takes_password_and_code_together(guarded, ben):
    secret = set_up_code(ben)
    with pytest.raises(Refused, match="password together with the code"):
        approve(guarded, ben, code=code_of(secret))
    assert (
        approve(guarded, ben, password=PASSWORD, code=code_of(secret)).reauthentication.method
        == "password+totp"
    )


def test_who_has_no_password_signs_with_the_code(guarded, ben):
    secret = set_up_code(ben)
    ben.set_unusable_password()
    ben.save()
    assert approve(guarded, ben, code=code_of(secret)).reauthentication.method == "totp"


@pytest.mark.promise("second factor")
def test_a_code_serves_once_whatever_the_cache_forgets(asked, ben):
    secret = set_up_code(ben)
    code = code_of(secret)
    accounts.reauthenticate(ben, proof=Proof(code=code))
    with pytest.raises(Refused, match="used before"):
        accounts.reauthenticate(ben, proof=Proof(code=code))
    accounts.reauthenticate(ben, proof=Proof(code=code_of(secret, steps=1)))


def test_a_wrong_password_does_not_use_up_the_code(ben):
    code = code_of(set_up_code(ben))
    with pytest.raises(Refused, match="not your password"):
        accounts.reauthenticate(ben, proof=Proof(password="wrong", code=code))
    assert accounts.reauthenticate(ben, proof=Proof(password=PASSWORD, code=code))


def test_a_recovery_code_signs_nothing(asked, ben):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    set_up_code(ben)
    spare = RecoveryCodes.activate(ben).get_unused_codes()[0]
    with pytest.raises(Refused, match="not the code of now"):
        approve(asked, ben, code=spare)


@pytest.mark.promise("lockout")
def test_wrong_codes_are_remembered_and_slowed_for_their_person_alone(asked, ben, rita):
    secret = set_up_code(ben)
    for _ in range(WRONG_PROOFS):
        with pytest.raises(accounts.WrongProof):
            approve(asked, ben, code="000000")
    with pytest.raises(accounts.LockedOut, match="Wait 5 minutes"):
        approve(asked, ben, password=PASSWORD, code=code_of(secret))
    assert (
        Event.objects.filter(kind="accounts.reauthentication_failed", actor_id=ben.pk).count() == WRONG_PROOFS
    )
    assert not Approval.objects.exists()
    assert accounts.reauthenticate(rita, proof=Proof(password=PASSWORD))


def test_nothing_given_is_no_proof(ben):
    with pytest.raises(Invalid, match="nothing was given"):
        accounts.reauthenticate(ben, proof=Proof())


def test_the_secret_of_an_app_is_not_in_the_database(ben):
    from allauth.mfa.models import Authenticator

    secret = set_up_code(ben)
    assert secret not in str(Authenticator.objects.get(user=ben).data)


def forge(promotion, person, **proof):
    Participant.objects.create(promotion=promotion, person=person, kind="approver", because="forged")
    return Approval.objects.create(
        promotion=promotion,
        person=person,
        role="reviewer",
        decision="approve",
        meaning="x",
        signer_name="x",
        evidence_digest=promotion.evidence_digest,
        reauthentication=Reauthentication.objects.create(user=person, **proof),
    )


def broken_by(act) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    return str(constraint_name(caught.value))


@pytest.mark.promise("second factor")
def test_the_database_itself_wants_the_second_factor(guarded, ben):
    assert broken_by(lambda: forge(guarded, ben, method="password")) == "gates_approval_second_factor"
    assert forge(guarded, ben, method="password+totp")


def test_what_somebody_else_chose_signs_nothing(asked, ben, adam):
    accounts.set_password(ben, password="chosen-by-adam-himself", by=adam)
    with pytest.raises(Refused, match="given to you by somebody else"):
        approve(asked, ben, password="chosen-by-adam-himself")
    accounts.choose_password(ben, password="chosen-by-who-knows-whom")
    with pytest.raises(Refused, match="An administrator changed how you sign in"):
        approve(asked, ben, password="chosen-by-who-knows-whom")
    assert broken_by(lambda: forge(asked, ben, method="password")) == "gates_approval_own_sign_in"


def test_a_hold_runs_out_and_is_not_shortened(ben, adam):
    accounts.set_password(ben, password="chosen-by-adam-himself", by=adam)
    sooner = User.objects.filter(pk=ben.pk).update
    for value in (None, timezone.now() + timedelta(minutes=1)):
        assert (
            broken_by(lambda value=value: sooner(signing_held_until=value)) == "accounts_user_hold_runs_out"
        )


def test_the_pack_says_which_gate_demands_it():
    text = standard_text().replace(
        "  - key: production\n", "  - key: production\n    signing: {second_factor: true}\n", 1
    )
    pack = parse_pack(text)
    assert {gate.key for gate in pack.gates if gate.second_factor} == {"production"}


def test_the_page_asks_for_what_is_needed_and_says_how_to_get_it(client, guarded, ben):
    client.force_login(ben)
    page = reverse("gates:sign", args=[guarded.pk])
    before = client.get(page).content.decode()
    assert "set up a passkey or an authenticator app" in before
    secret = set_up_code(ben)
    answer = client.get(page)
    assert "password and the code" in answer.content.decode()
    body = {**answer.context["form"].initial, "decision": "approve", "meaning": STAGING, "password": PASSWORD}
    without = client.post(page, body)
    assert without.status_code == 409
    assert "demands a second factor" in str(without.context["form"].errors["code"])
    wrong = client.post(page, body | {"code": "000000"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (403, ["code"])
    assert client.post(page, body | {"code": code_of(secret)}).status_code == 302
    assert Approval.objects.get().reauthentication.method == "password+totp"
    assert client.post(page, body | {"decision": ""}).status_code == 422


def test_the_page_without_any_proof_signs_nothing(client, asked, ben):
    client.force_login(ben)
    page = reverse("gates:sign", args=[asked.pk])
    answer = client.post(
        page,
        {"digest": asked.evidence_digest, "decision": "approve", "meaning": STAGING, "passkey": "not json"},
    )
    assert answer.status_code == 422
    answer = client.post(page, {"digest": asked.evidence_digest, "decision": "approve", "meaning": STAGING})
    assert "Confirm that it is you" in answer.content.decode()
    fake = {"id": "x", "rawId": "x", "type": "public-key", "response": {}}
    with_fake = {"digest": asked.evidence_digest, "decision": "approve", "meaning": STAGING}
    answer = client.post(page, with_fake | {"passkey": json.dumps(fake)})
    assert answer.status_code == 403
    assert not Approval.objects.exists()
