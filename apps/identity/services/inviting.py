"""Invite an address. The link goes to the address alone: who invites never sees it, so it proves whose it is."""

import secrets
from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import User, by_email
from apps.audit import services as audit
from apps.core.canonical import digest_bytes
from apps.core.db import service
from apps.core.errors import Invalid, Refused, denied
from apps.identity.models import Invitation
from apps.identity.queries import live
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Project
from apps.projects.permissions import Right, can

#: How long an invitation is good.
VALID = timedelta(days=7)
_LETTER = """Hello,

{inviter} invites you to mlgov{where}. Follow this link within {days} days; it works once, for this address alone:

{link}

If you expected nothing of the kind, do nothing.
"""


def demand_inviter(by: User, project: Project | None) -> None:
    """Owners invite to their project, administrators to the site; neither gives what they may not give."""
    if not by.is_person:
        denied("Only a person can invite people.").enforce()
    if project is not None:
        can(by, Right.MANAGE, project).enforce()
    elif not by.is_administrator:
        denied("Only an administrator invites people without a project.").enforce()


@service
def invite(
    email: str, *, by: User, address: str, project: Project | None = None, role: str = ""
) -> tuple[Invitation, str]:
    """Invite ``email`` and return the invitation with its secret, which the letter carries and no page shows.

    ``address`` is the beginning of the link, for example https://mlgov.example.org/invitations/.
    """
    demand_inviter(by, project)
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="bad_address", field="email") from error
    if project is not None and role not in Role.values:
        raise Invalid(f"“{role[:40]}” is no role in a project.", code="unknown_role", field="role")
    if project is not None and project.memberships.filter(user__email__iexact=email).exists():
        raise Invalid(f"{email} is a member already.", code="member_already", field="email")
    if live().filter(email__iexact=email, project=project).exists():
        raise Invalid(f"{email} is invited already.", code="invited_already", field="email")
    secret = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        email=email,
        project=project,
        role=role if project is not None else "",
        secret_digest=_hidden(secret),
        expires_at=timezone.now() + VALID,
        invited_by=by,
    )
    audit.record(
        "identity.invited",
        made,
        by=by,
        project_id=project.pk if project else None,
        email=email,
        role=made.role or "no role yet",
    )
    where = f", to the project {project.name} as {Role(role).label.lower()}" if project else ""
    text = _LETTER.format(inviter=by.full_name, where=where, days=VALID.days, link=f"{address}{secret}/")
    transaction.on_commit(
        partial(send_mail, "You are invited to mlgov", text, None, [email], fail_silently=True)
    )
    return made, secret


def _hidden(secret: str) -> str:
    return digest_bytes(secret.encode())


def find_invitation(secret: str) -> Invitation | None:
    """Return the invitation with this secret while it can be accepted."""
    return live().filter(secret_digest=_hidden(secret)).first()


@service
def accept(invitation: Invitation, *, by: User) -> Invitation:
    """Take up an invitation as the person with exactly its address; raises Refused for everybody else."""
    if by.email.lower() != invitation.email.lower() or not by.is_person:
        raise Refused(
            f"This invitation is for {invitation.email}, and you are signed in as {by.email}. Sign out, "
            "then follow the link again.",
            code="other_address",
        )
    if not live().filter(pk=invitation.pk).update(accepted_at=timezone.now(), accepted_by=by):
        raise Refused("This invitation was used, taken back or has run out.", code="invitation_over")
    project = invitation.project
    if project is not None:
        projects.add_member(project, user=by, role=invitation.role, by=invitation.invited_by)
    else:
        demand_inviter(invitation.invited_by, None)
    audit.record(
        "identity.invitation_accepted", invitation, by=by, project_id=project.pk if project else None
    )
    return invitation


@service
def accept_as_new(invitation: Invitation, *, full_name: str, password: str | None) -> User:
    """Make the account of the invited address and take the invitation up."""
    if User.objects.filter(by_email(invitation.email)).exists():
        raise Refused(
            "There is an account with this address. Sign in, then follow the link again.", code="email_taken"
        )
    person = accounts.join(
        invitation.email,
        full_name=full_name,
        password=password,
        because=f"invited by {invitation.invited_by}",
    )
    accept(invitation, by=person)
    return person


@service
def revoke(invitation: Invitation, *, by: User) -> Invitation:
    """Take an invitation back; doing it twice changes nothing."""
    demand_inviter(by, invitation.project)
    if live().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
        audit.record("identity.invitation_revoked", invitation, by=by, project_id=invitation.project_id)
    invitation.refresh_from_db()
    return invitation
