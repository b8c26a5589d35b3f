"""Read exceptions: the ledger of a project, and what a version's page must not hide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.rows import rows_of
from apps.gates.enums import PostmortemState, WaiverState
from apps.gates.models import Breach, BreakGlass, Obligation, Postmortem, Transition, Waiver
from apps.gates.queries_conditions import TermsShown, open_breaches, overdue_obligations, term_rows
from apps.projects.models import Membership, Project
from apps.projects.queries import project_ids_for
from apps.registry.models import Version

M = TypeVar("M", bound=Model)
_PLACE = "version__model__project__policy_revision"


def _one(rows: QuerySet[M], pk: UUID) -> M:
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def waivers_for(user: User) -> QuerySet[Waiver]:
    """Return the waivers of the user's projects, newest first."""
    return _waivers().filter(version__model__project__in=project_ids_for(user))


def _waivers() -> QuerySet[Waiver]:
    return (
        Waiver.objects.select_related(_PLACE, "asked_by__owner", "grant__person", "closed_by")
        .prefetch_related("parties__person")
        .order_by("-id")
    )


def waiver_for(user: User, pk: UUID) -> Waiver:
    """Load a waiver; raises Http404 for a stranger."""
    return _one(waivers_for(user), pk)


def waivers_to_grant_for(user: User) -> QuerySet[Waiver]:
    """Return the waivers that wait for this person: the policy names their role, and they have no part in the version."""
    own = Membership.objects.filter(
        user=user, project=OuterRef("version__model__project"), role=OuterRef("granted_by_role")
    )
    rows = waivers_for(user).filter(Exists(own), state=WaiverState.ASKED)
    return rows.exclude(parties__person=user).order_by("id")


def postmortems_to_close_for(user: User) -> QuerySet[Postmortem]:
    """Return the open postmortems that this person answers for."""
    return open_postmortems(postmortems_for(user).filter(owner=user))


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


_CAUSES = (
    "rollback__version__model",
    "rollback__restored__model",
    "suspension__version__model",
    "break_glass__version__model",
)


def postmortems_for(user: User) -> QuerySet[Postmortem]:
    """Return the postmortems of the user's projects, newest first."""
    return _postmortems().filter(version__model__project__in=project_ids_for(user))


def _postmortems() -> QuerySet[Postmortem]:
    return Postmortem.objects.select_related(_PLACE, "owner", "caused_by", "closed_by", *_CAUSES).order_by(
        "-id"
    )


def postmortem_for(user: User, pk: UUID) -> Postmortem:
    """Load a postmortem; raises Http404 for a stranger."""
    return _one(postmortems_for(user), pk)


def open_postmortems(rows: QuerySet[Postmortem]) -> QuerySet[Postmortem]:
    """Narrow to those that are open, the one due first on top."""
    return rows.filter(state=PostmortemState.OPEN).order_by("due_at")


@dataclass(frozen=True)
class Marks:
    """What a page must not hide: past the gate, open postmortems, waivers nobody answered, broken conditions, what is late."""

    glass: BreakGlass | None
    postmortems: list[Postmortem]
    waivers: list[Waiver]
    breaches: list[Breach]
    overdue: list[Obligation]


def shown_with(version: Version, moves: Sequence[Transition]) -> tuple[Marks, TermsShown]:
    """Return the marks of a version and its terms, read together; ``moves`` are its own, newest first.

    The glass counts as long as the version is where it was promoted to.
    """
    newest = moves[0].promotion if moves else None
    glass = getattr(newest, "break_glass", None)
    marks = _mark_rows(
        Q(version=version), Q(condition__version=version), owed=Q(version__model=version.model_id)
    )
    terms = term_rows(version)
    found = rows_of(**marks, **terms)
    return (
        Marks(glass, **{name: found[name] for name in marks}),
        TermsShown(**{name: found[name] for name in terms}),
    )


def marks_of_project(project: Project) -> Marks:
    """Return what a project must not hide: open postmortems, waivers that wait, broken conditions, overdue obligations."""
    here = Q(version__model__project=project)
    rows = _mark_rows(here, Q(condition__version__model__project=project), owed=here)
    return Marks(None, **rows_of(**rows))


def _mark_rows(here: Q, broken: Q, *, owed: Q) -> dict[str, QuerySet[Any]]:
    # Whoever asks was let in already: a query that joins who may see what takes as long to plan as to run.
    return {
        "postmortems": open_postmortems(_postmortems().filter(here)),
        "waivers": _waivers().filter(here, state=WaiverState.ASKED).order_by("id"),
        "breaches": open_breaches().filter(broken),
        "overdue": overdue_obligations().filter(owed),
    }
