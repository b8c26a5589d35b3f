"""A person proves once more who they are, right before they sign."""

from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone

from apps.accounts import factors
from apps.accounts.enums import ReauthenticationMethod
from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.audit.models import Event
from apps.core.errors import Invalid, Refused, denied

#: So many wrong proofs of one person within the window, and they wait: 10^6 codes outlast anybody's patience.
WRONG_PROOFS = 5
WINDOW = timedelta(minutes=5)


class WrongProof(Refused):
    """What was given to confirm an act is not the person's. ``details["field"]`` says which of it."""

    status = 403


class LockedOut(Refused):
    """Too many wrong proofs of this person in a short time."""

    status = 429


_WRONG = {
    "password": (
        "wrong_password",
        "This is not your password. Type it again; nothing was signed.",
    ),
    "code": (
        "wrong_code",
        "This is not the code of now, or it was used before. Wait for the next one; nothing was signed.",
    ),
    "assertion": (
        "wrong_passkey",
        "The passkey's answer does not fit. Load the page and try again; nothing was signed.",
    ),
}


def reauthenticate(user: User, *, proof: Proof) -> Reauthentication:
    """Check the proof and return the row that a signature rests on for five minutes.

    Raises WrongProof, which is audited, LockedOut after too many of them, Refused for a temporary password or a
    hold on signing. Runs outside the caller's transaction on purpose: the record of a failure must survive the
    refusal. Only who is signed in as the person comes here, so nobody else can lock them out.
    """
    if not user.is_person:
        denied("Only a person can confirm their identity; a token cannot sign.").enforce()
    if proof.is_empty:
        raise Invalid("Confirm that it is you: nothing was given.", code="no_proof", field="password")
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _demand_own(person)
        _demand_patience(person)
        wrong = _wrong_part(person, proof)
        if wrong is None:
            return Reauthentication.objects.create(user=person, method=_method_of(proof))
        audit.record("accounts.reauthentication_failed", person, by=person, proof=wrong)
    code, sentence = _WRONG[wrong]
    raise WrongProof(sentence, code=code, field=wrong)


def _demand_own(person: User) -> None:
    if person.temporary_password_until is not None:
        raise Refused(
            "Your password was given to you by somebody else. Choose your own first; nothing was signed.",
            code="temporary_password",
        )
    held = person.signing_held_until
    if held is not None and held > timezone.now():
        raise Refused(
            f"An administrator changed how you sign in, so you can sign nothing until {held:%Y-%m-%d %H:%M} UTC.",
            code="signing_held",
        )


def _demand_patience(person: User) -> None:
    failures = Event.objects.filter(
        object_type=User._meta.label_lower,
        object_id=person.pk,
        kind="accounts.reauthentication_failed",
        recorded_at__gt=timezone.now() - WINDOW,
    )
    if failures.count() >= WRONG_PROOFS:
        minutes = int(WINDOW.total_seconds() // 60)
        raise LockedOut(
            f"{WRONG_PROOFS} wrong attempts in {minutes} minutes. Wait {minutes} minutes; nothing was signed.",
            code="locked_out",
        )


def _wrong_part(person: User, proof: Proof) -> str | None:
    """Return the part of the proof that is wrong; a code is used up only after a right password."""
    if proof.password and not check_password(proof.password, person.password):
        return "password"
    if proof.code and not factors.use_code(person, proof.code):
        return "code"
    if proof.assertion is not None:
        challenge = proof.challenge
        if challenge is None or not factors.use_passkey(
            person, assertion=proof.assertion, challenge=challenge
        ):
            return "assertion"
    return None


def _method_of(proof: Proof) -> ReauthenticationMethod:
    if proof.assertion is not None:
        return ReauthenticationMethod.PASSKEY
    if proof.code:
        return ReauthenticationMethod.PASSWORD_AND_CODE if proof.password else ReauthenticationMethod.CODE
    return ReauthenticationMethod.PASSWORD
