"""Read moves of projects between revisions, and previews of drafts."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.gates.benefits import beneficiaries
from apps.jobs.enums import JobState
from apps.jobs.models import Job
from apps.policies.models import Draft, Revision
from apps.policies.queries import names_of as names_of
from apps.policies.queries import pack_of, revisions
from apps.projects.enums import MoveState, Role
from apps.projects.models import PolicyMove, Project
from apps.projects.queries import project_ids_for, projects_for

#: Older revisions can still be asked for through the API.
OFFERED = 25


def moves_for(user: User) -> QuerySet[PolicyMove]:
    """Return the moves of the projects that exist for this user, newest first."""
    return (
        PolicyMove.objects.filter(project__in=project_ids_for(user))
        .select_related(
            "project__policy_revision__pack",
            "from_revision__pack",
            "to_revision__pack",
            "asked_by__owner",
            "confirmed_by",
        )
        .order_by("-id")
    )


def move_for(user: User, pk: UUID) -> PolicyMove:
    """Load a move; raises Http404 for a stranger."""
    move = moves_for(user).filter(pk=pk).first()
    if move is None:
        raise Http404
    return move


def moves_to_confirm_for(user: User) -> QuerySet[PolicyMove]:
    """Return the moves that wait where this person is a risk officer, and did not ask; oldest first."""
    here = PolicyMove.objects.filter(
        state=MoveState.ASKED,
        project__memberships__user=user,
        project__memberships__role=Role.RISK,
    )
    return (
        here.exclude(asked_by__in=[user.pk, user.person_id])
        .exclude(asked_by__owner=user.person_id)
        .select_related("project", "to_revision__pack", "asked_by")
        .order_by("id")
    )


def moves_of(project: Project) -> list[PolicyMove]:
    """Return the last moves of a project, newest first."""
    return list(
        project.policy_moves.select_related(
            "from_revision__pack", "to_revision__pack", "asked_by", "confirmed_by"
        ).order_by("-id")[:20]
    )


def waiting_move(project: Project) -> PolicyMove | None:
    """Return the move that waits to be confirmed."""
    return (
        project.policy_moves.filter(state=MoveState.ASKED)
        .select_related("project", "to_revision__pack", "from_revision__pack", "asked_by__owner")
        .first()
    )


def barred_from(move: PolicyMove) -> dict[UUID, str]:
    """Return whom a move benefits, with the reason."""
    return beneficiaries(pack_of(move.to_revision), move.project)


def others(project: Project) -> list[Revision]:
    """Return the newest revisions other than the one that the project follows, its own pack first."""
    found = list(revisions().exclude(pk=project.policy_revision_id)[: OFFERED * 4])
    own = project.policy_revision.pack_id
    return sorted(found, key=lambda one: one.pack_id != own)[:OFFERED]


def newest_preview(draft: Draft) -> Job | None:
    """Return the newest preview of a draft, whoever started it."""
    return Job.objects.filter(kind="gates.preview_policy", args__draft=str(draft.pk)).order_by("-id").first()


def shown_impact(user: User, job: Job | None) -> dict[str, Any] | None:
    """Return a preview with the rows of the projects that this user may see, and the number of the others."""
    if job is None or job.state != JobState.SUCCEEDED or job.result is None:
        return None
    names = {str(one.pk): one.name for one in projects_for(user)}
    rows = job.result["rows"]
    seen = [{**row, "project_name": names[row["project"]]} for row in rows if row["project"] in names]
    groups = [
        (kind, [row for row in seen if row["kind"] == kind]) for kind in ("request", "version", "promotion")
    ]
    return {
        "judged": job.result["judged"],
        "groups": groups,
        "hidden": len(rows) - len(seen),
        "total": len(rows),
    }
