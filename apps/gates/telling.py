"""Whom the gates tell what: the people whose turn it is, who asked, who took part."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from apps.accounts.enums import SiteRole
from apps.accounts.models import User
from apps.core.models import Row
from apps.gates.enums import ParticipantKind
from apps.gates.models import Promotion, Review
from apps.notifications.services import announce
from apps.projects.enums import Role
from apps.projects.models import Project
from apps.registry.models import Version


def tell(
    kind: str, promotion: Promotion, to: Iterable[User], *, by: User | None, once: str = "", **data: Any
) -> None:
    """Announce something about a request, with a link to its page; whoever does it is not told."""
    people = [one for one in to if by is None or one.person_id != by.person_id]
    link = reverse("gates:promotion", args=[promotion.pk])
    _announce(kind, promotion, promotion.version.model.project, people, by=by, link=link, once=once, **data)


def _announce(
    kind: str, subject: Row, project: Project, to: Iterable[User], *, by: User | None, **data: Any
) -> None:
    announce(kind, subject, project=project, to=to, by=by, **data)


def signers_of(promotion: Promotion) -> list[User]:
    """Return the people who hold a role that the request needs, have not signed, and have no other part in it."""
    roles = promotion.required_roles.values("role")
    barred = promotion.participants.exclude(kind=ParticipantKind.APPROVER).values("person_id")
    signed = promotion.approvals.filter(withdrawn_at__isnull=True).values("person_id")
    members = User.objects.filter(
        memberships__project=promotion.version.model.project_id, memberships__role__in=roles, is_active=True
    )
    return list(members.exclude(pk__in=barred).exclude(pk__in=signed).distinct())


def takers_part(promotion: Promotion) -> list[User]:
    """Return who asked, signed or wrote in the thread."""
    wrote = promotion.comments.values("author")
    signed = promotion.approvals.values("person")
    return [promotion.requested_by, *User.objects.filter(pk__in=wrote.union(signed)).select_related("owner")]


def owners_of(project: Project) -> list[User]:
    """Return the owners of a project."""
    return list(User.objects.filter(memberships__project=project, memberships__role=Role.OWNER))


def administrators() -> list[User]:
    """Return the administrators of the site."""
    return list(User.objects.filter(site_role=SiteRole.ADMINISTRATOR, is_active=True))


def asked(promotion: Promotion, *, by: User) -> None:
    """A request was opened: those whose roles are needed are asked to sign."""
    tell("gates.signature_asked", promotion, signers_of(promotion), by=by, stage=promotion.to_stage)


def decided(promotion: Promotion, *, by: User | None) -> None:
    """A request was closed: who took part learns how."""
    state = "confirmed" if promotion.is_review else promotion.get_state_display().lower()
    tell("gates.request_decided", promotion, takers_part(promotion), by=by, state=state)


def replaced(promotion: Promotion, successor: Promotion) -> None:
    """A request went stale: who took part learns where to sign again."""
    told = {one.pk: one for one in [*takers_part(promotion), *signers_of(successor)]}
    tell("gates.request_stale", successor, told.values(), by=None)


def review_due(review: Review, *, overdue: bool) -> None:
    """A re-review opened or is overdue: reviewers, risk officers and owners are told once."""
    project = review.version.model.project
    roles = (Role.REVIEWER, Role.RISK, Role.OWNER)
    to = list(User.objects.filter(memberships__project=project, memberships__role__in=roles).distinct())
    kind = "gates.review_overdue" if overdue else "gates.review_open"
    link = reverse("gates:review", args=[review.pk])
    _announce(
        kind,
        review,
        project,
        to,
        by=None,
        link=link,
        once="overdue" if overdue else "open",
        due=f"{review.due_at:%Y-%m-%d}",
    )


#: Kind of row -> the page that shows it; all others are seen on the page of their version.
_PAGES = {
    "gates.waiver": "gates:waiver",
    "gates.postmortem": "gates:postmortem",
    "gates.obligation": "gates:obligation",
}


def tell_members(
    kind: str, subject: Row, *, by: User | None, roles: Iterable[str] = (), once: str = "", **data: Any
) -> None:
    """Announce to all members, or to those with ``roles``. ``subject`` belongs to a version, or is one."""
    project = _version_of(subject).model.project
    members = project.memberships.select_related("user__owner")
    wanted = list(roles)
    if wanted:
        members = members.filter(role__in=wanted)
    tell_people(kind, subject, [one.user for one in members], by=by, once=once, **data)


def tell_people(
    kind: str, subject: Row, people: Iterable[User], *, by: User | None, once: str = "", **data: Any
) -> None:
    """Announce to these people, with a link to the page that shows the subject or its version."""
    version = _version_of(subject)
    name = _PAGES.get(subject._meta.label_lower)
    link = reverse(name, args=[subject.pk]) if name else reverse("portal:version", args=[version.pk])
    _announce(
        kind,
        subject,
        version.model.project,
        list(people),
        by=by,
        link=link,
        once=once,
        version=str(version),
        **data,
    )


def _version_of(subject: Row) -> Version:
    return subject if isinstance(subject, Version) else subject.version  # type: ignore[attr-defined]
