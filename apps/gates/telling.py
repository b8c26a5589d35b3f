"""Tell the members of a project what happened to a version."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from apps.accounts.models import User
from apps.core.models import Row
from apps.notifications.services import announce
from apps.projects.models import Project
from apps.registry.models import Version

#: Kind of row -> the page that shows it; all others are seen on the page of their version.
PAGES = {"gates.waiver": "gates:waiver", "gates.postmortem": "gates:postmortem"}


def tell(
    kind: str, subject: Row, *, by: User | None, roles: Iterable[str] = (), once: str = "", **data: Any
) -> None:
    """Announce to all members, or to those with ``roles``. ``subject`` belongs to a version, or is one."""
    version: Version = subject if isinstance(subject, Version) else subject.version  # type: ignore[attr-defined]
    project: Project = version.model.project
    members = project.memberships.select_related("user__owner")
    wanted = list(roles)
    if wanted:
        members = members.filter(role__in=wanted)
    name = PAGES.get(subject._meta.label_lower)
    link = reverse(name, args=[subject.pk]) if name else reverse("portal:version", args=[version.pk])
    announce(
        kind,
        subject,
        project=project,
        to=[one.user for one in members],
        by=by,
        link=link,
        once=once,
        version=str(version),
        **data,
    )
