"""Write the moves of a project to another revision of its policy. Who may, and what follows, is the gates' matter."""

from django.db.models.functions import Now

from apps.accounts.models import Reauthentication, User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.policies.models import Revision
from apps.projects.enums import MOVE_MOVES, MoveState
from apps.projects.models import PolicyMove, Project


@service
def ask_move(project: Project, *, to: Revision, reason: str, by: User) -> PolicyMove:
    """Write that an owner wants the project to follow ``to``."""
    move = PolicyMove.objects.create(
        project=project,
        from_revision=project.policy_revision,
        to_revision=to,
        reason=reason,
        asked_by=by,
    )
    audit.record("projects.policy_move_asked", move, by=by, project_id=project.pk, reason=reason)
    return move


@service
def confirm_move(move: PolicyMove, project: Project, *, by: User, confirmed: Reauthentication) -> Project:
    """Close the move as confirmed and let the project follow; both rows are locked by the caller."""
    _close(
        move,
        MoveState.CONFIRMED,
        confirmed_by=by,
        reauthentication=confirmed,
        project_version=project.lock_version,
    )
    audit.record("projects.policy_move_confirmed", move, by=by, project_id=project.pk)
    governed.change(project, policy_revision=move.to_revision)
    audit.record(
        "projects.policy_moved",
        project,
        by=by,
        project_id=project.pk,
        before=str(move.from_revision),
        after=str(move.to_revision),
        move=str(move.pk),
    )
    return project


@service
def close_move(move: PolicyMove, state: MoveState, *, by: User, reason: str) -> PolicyMove:
    """Close a move that does not come about."""
    _close(move, state, closing_reason=reason)
    audit.record("projects.policy_move_closed", move, by=by, project_id=move.project_id, reason=reason)
    return move


def _close(move: PolicyMove, state: MoveState, **fields: object) -> None:
    """The only assignment to a move's state."""
    assert state in MOVE_MOVES[move.state]
    governed.change(move, state=state, closed_at=Now(), **fields)
