"""Read exceptions: the ledger of a project, and what a version's page must not hide."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.gates.enums import WaiverState
from apps.gates.models import Waiver
from apps.projects.queries import project_ids_for

M = TypeVar("M", bound=Model)
_PLACE = "version__model__project__policy_revision"


def _one(rows: QuerySet[M], pk: UUID) -> M:
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def waivers_for(user: User) -> QuerySet[Waiver]:
    """Return the waivers of the user's projects, newest first."""
    return (
        Waiver.objects.filter(version__model__project__in=project_ids_for(user))
        .select_related(_PLACE, "asked_by__owner", "grant__person", "closed_by")
        .prefetch_related("parties__person")
        .order_by("-id")
    )


def waiver_for(user: User, pk: UUID) -> Waiver:
    """Load a waiver; raises Http404 for a stranger."""
    return _one(waivers_for(user), pk)


def open_waivers(rows: QuerySet[Waiver]) -> QuerySet[Waiver]:
    """Narrow to what is asked for or granted, the one that ends first on top."""
    return rows.filter(state__in=[WaiverState.ASKED, WaiverState.GRANTED]).order_by("until")


def debt_of(waivers: list[Waiver]) -> dict[str, Any]:
    """Return what a project owes: how many waivers hold, since when the oldest, and when the next ends."""
    granted = [one for one in waivers if one.state == WaiverState.GRANTED]
    return {
        "granted": len(granted),
        "asked": len(waivers) - len(granted),
        "oldest": min((one.created_at for one in granted), default=None),
        "next_end": min((one.until for one in granted), default=None),
    }
