"""What is done to people: adding them, giving and changing passwords, removing a lost second factor."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from apps.accounts import factors
from apps.accounts.enums import SiteRole
from apps.accounts.mail import write_to
from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, Refused, denied

#: How long a password that somebody else chose lets its person in, to choose their own.
TEMPORARY_PASSWORD_DAYS = timedelta(days=7)


def _demand_administrator(by: User | None) -> None:
    if by is not None and not (by.is_person and by.is_administrator):
        denied("Only an administrator can add people or change how they sign in.").enforce()


@service
def create_person(
    email: str, *, full_name: str, by: User | None, site_role: str = "", password: str | None = None
) -> User:
    """Add a person. Without a password they cannot sign in until one is set.

    ``by`` is None for commands on the server alone; otherwise an administrator, whose password is a temporary
    one: see ``set_password``.
    """
    _demand_administrator(by)
    return _new_person(email, full_name=full_name, by=by, site_role=site_role, password=password)


@service
def join(email: str, *, full_name: str, password: str | None, because: str) -> User:
    """Make the account of somebody who was invited or provisioned: nobody else chose their password.

    ``because`` says for the audit trail how they came; the caller has checked that the address is theirs.
    """
    return _new_person(email, full_name=full_name, by=None, site_role="", password=password, because=because)


def _new_person(
    email: str, *, full_name: str, by: User | None, site_role: str, password: str | None, because: str = ""
) -> User:
    if site_role not in SiteRole.values:
        raise Invalid(f"“{site_role[:40]}” is no role over the site.", code="unknown_role")
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="invalid_person", field="email") from error
    if password is not None:
        demand_strength(password, User(email=email, full_name=full_name))
    if User.objects.filter(email__iexact=email).exists():
        raise Invalid(f"There is a person with the address {email} already.", code="email_taken")
    person = User(email=email, full_name=full_name.strip(), site_role=site_role)
    person.set_password(password)
    if by is not None:
        _chosen_by_another(person)
    person.save(force_insert=True)
    audit.record("accounts.person_created", person, by=by, email=email, site_role=site_role, because=because)
    return person


def demand_strength(password: str, person: User) -> None:
    """Raise Invalid with every reason why ``password`` is too weak for ``person``."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="weak_password", field="password") from error


def _chosen_by_another(person: User) -> None:
    """What somebody else knows lets a person in to choose their own, and signs nothing (ADR 0013)."""
    now = timezone.now()
    person.temporary_password_until = now + TEMPORARY_PASSWORD_DAYS
    person.signing_held_until = now + timedelta(hours=settings.SIGNING_HOLD_HOURS)


@service
def set_password(person: User, *, password: str, by: User | None) -> User:
    """Give a person a temporary password; their sessions end, because sessions are bound to it.

    They must choose their own at the next sign-in, and cannot sign until the hold is over; they are told by
    e-mail. ``by`` is None for commands on the server, which set no hold: who has the server has everything.
    """
    _demand_administrator(by)
    _demand_person(person)
    demand_strength(password, person)
    person.set_password(password)
    if by is not None:
        _chosen_by_another(person)
    person.save(update_fields=["password", "temporary_password_until", "signing_held_until"])
    audit.record("accounts.password_reset", person, by=by)
    if by is not None:
        write_to(person, "password_reset", by=by)
    return person


@service
def choose_password(person: User, *, password: str) -> User:
    """Set the password that the person chose; it is no longer temporary. A hold on signing runs on."""
    _demand_person(person)
    demand_strength(password, person)
    if person.temporary_password_until and person.check_password(password):
        raise Invalid(
            "This is the password that was given to you, and somebody else knows it. Choose another.",
            code="not_your_own",
            field="password",
        )
    person.set_password(password)
    person.temporary_password_until = None
    person.save(update_fields=["password", "temporary_password_until"])
    audit.record("accounts.password_changed", person, by=person)
    return person


@service
def remove_second_factors(person: User, *, by: User) -> User:
    """Take away a person's codes and passkeys, for one who lost them; it holds their signatures.

    Their password changes to one that nobody knows, so that their sessions end and a new temporary one is needed.
    """
    _demand_administrator(by)
    _demand_person(person)
    if person.pk == by.pk:
        denied("Your own second factor you remove on your page Sign-in and security.").enforce()
    removed = factors.remove_all(person)
    if not removed:
        raise Refused(f"{person} has no second factor; nothing was changed.", code="no_second_factor")
    person.set_password(secrets.token_urlsafe(24))
    _chosen_by_another(person)
    person.save(update_fields=["password", "temporary_password_until", "signing_held_until"])
    audit.record("accounts.second_factors_removed", person, by=by, factors=", ".join(removed))
    write_to(person, "second_factors_removed", by=by)
    return person


@service
def give_site_role(person: User, *, role: str, because: str) -> User:
    """Set the role over the site that a group of the person's provider carries; ``because`` names the group."""
    _demand_person(person)
    if role not in SiteRole.values:
        raise Invalid(f"“{role[:40]}” is no role over the site.", code="unknown_role")
    before = person.site_role
    if before != role:
        person.site_role = role
        person.save(update_fields=["site_role"])
        audit.record(
            "accounts.site_role_changed", person, by=None, before=before, after=role, because=because
        )
    return person


@service
def switch_off(person: User, *, by: User) -> User:
    """End a person's access: sessions at their next request, tokens and running jobs at their next check."""
    return _switch(person, on=False, by=by)


@service
def switch_on(person: User, *, by: User) -> User:
    """Give a person their access back."""
    return _switch(person, on=True, by=by)


def _switch(person: User, *, on: bool, by: User) -> User:
    _demand_administrator(by)
    _demand_person(person)
    if person.pk == by.pk:
        denied("You cannot switch yourself off. Ask another administrator.").enforce()
    if person.is_active != on:
        person.is_active = on
        person.save(update_fields=["is_active"])
        audit.record("accounts.switched_on" if on else "accounts.switched_off", person, by=by)
    return person


def _demand_person(person: User) -> None:
    if not person.is_person:
        raise Invalid("A service account has tokens and no password.", code="not_a_person")
