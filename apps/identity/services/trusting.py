"""Trust an issuer's word about a pipeline, and withdraw it."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Token, User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid, denied, not_now
from apps.identity.claims import demand_claims, kind_of
from apps.identity.enums import TRUSTED_SCOPES, IssuerKind
from apps.identity.issuers import demand_issuer
from apps.identity.models import Trust
from apps.identity.notices import TRUSTED
from apps.notifications.services import announce
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Project
from apps.projects.permissions import Right, can, role_of

MOST = 50
_LONGEST_NAME = 100


@service
def create_trust(
    project: Project,
    *,
    name: str,
    kind: str,
    issuer: str,
    claims: dict[str, Any],
    account: User,
    scopes: Sequence[str],
    by: User,
) -> Trust:
    """Let pipelines of which ``issuer`` says ``claims`` act as ``account`` within ``scopes``.

    By an owner of the project, who answers for the service account: whoever issues its tokens by hand as well.
    An account that is no member of the project becomes a contributor of it.
    """
    _demand_owner(by, project)
    if kind not in IssuerKind.values:
        raise Invalid(f"A trust is of {', '.join(IssuerKind.values)}.", code="unknown_kind", field="kind")
    issuer = demand_issuer(issuer.strip())
    known = kind_of(issuer, kind)
    said = demand_claims(known, claims)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _let_in(account, project, by)
    if project.trusts.filter(withdrawn_at__isnull=True).count() >= MOST:
        not_now(f"There are {MOST} trusts here already. Withdraw one first.", code="too_many").enforce()
    try:
        with transaction.atomic():
            trust = Trust.objects.create(
                project=project,
                name=_named(name),
                kind=known,
                issuer=issuer,
                claims=said,
                account=account,
                scopes=_within(scopes),
                created_by=by,
            )
    except IntegrityError as error:
        raise Invalid(
            "There is a trust of this name here. Give another name.", code="name_taken", field="name"
        ) from error
    audit.record(
        "identity.trust_added",
        trust,
        by=by,
        project_id=project.pk,
        issuer=issuer,
        claims=said,
        account=str(account),
        account_id=str(account.pk),
        scopes=", ".join(trust.scopes),
    )
    _tell_owners(trust, by)
    return trust


def _tell_owners(trust: Trust, by: User) -> None:
    """The other owners learn who gets in from now on; one of them can withdraw it."""
    owners = User.objects.filter(memberships__project=trust.project, memberships__role=Role.OWNER)
    announce(
        TRUSTED,
        trust,
        project=trust.project,
        to=owners.exclude(pk=by.pk).select_related("owner"),
        by=by,
        link=reverse("identity:trust", args=[trust.pk]),
        where=trust.project.name,
        issuer=trust.issuer,
        account=str(trust.account),
        scopes=", ".join(trust.scopes),
    )


def _demand_owner(by: User, project: Project) -> None:
    if not by.is_person:
        denied("Only a person decides which pipelines are trusted.", code="person_needed").enforce()
    can(by, Right.MANAGE, project).enforce()


def _let_in(account: User, project: Project, by: User) -> None:
    if account.is_person or account.person_id != by.pk:
        raise Invalid(
            "Choose one of your own service accounts: you answer for what is done as it.",
            code="not_your_account",
            field="account",
        )
    if role_of(account, project.pk) is None:
        projects.add_member(project, user=account, role=Role.CONTRIBUTOR, by=by)


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid(
            f"A trust needs a name of at most {_LONGEST_NAME} characters.", code="bad_name", field="name"
        )
    return name


def _within(scopes: Sequence[str]) -> list[str]:
    allowed = [str(one) for one in TRUSTED_SCOPES]
    if not scopes or not set(scopes) <= set(allowed):
        raise Invalid(
            f"A trust gives one scope at least of {', '.join(allowed)}.", code="unknown_scope", field="scopes"
        )
    return sorted(set(scopes))


@service
def withdraw_trust(trust: Trust, *, reason: str, by: User) -> Trust:
    """Take a trust back for good; the tokens that came by it end at once."""
    trust = Trust.objects.select_for_update(of=("self",)).select_related("project").get(pk=trust.pk)
    _demand_owner(by, trust.project)
    if trust.withdrawn_at is not None:
        not_now("This trust is withdrawn already.", code="withdrawn_already").enforce()
    reason = reason.strip()
    if not reason:
        raise Invalid("Say why, for whoever reads it later.", code="no_reason", field="reason")
    now = timezone.now()
    governed.change(trust, withdrawn_at=now, withdrawn_by=by, withdrawn_reason=reason)
    live = Token.objects.filter(exchange__trust=trust, revoked_at__isnull=True, expires_at__gt=now)
    for token in live.order_by("id"):
        accounts.end_token(token, by=by, because=f"the trust {trust} was withdrawn")
    audit.record("identity.trust_withdrawn", trust, by=by, project_id=trust.project_id, reason=reason)
    return trust
