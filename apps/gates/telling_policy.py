"""Whom policies concern: who may publish a draft, who may confirm a move, and who asked for either."""

from collections.abc import Iterable

from django.urls import reverse

from apps.accounts.models import User
from apps.gates.permissions_policy import can_confirm_move
from apps.gates.queries_policy import barred_from
from apps.gates.telling import administrators
from apps.notifications.services import announce
from apps.policies.enums import DraftState
from apps.policies.models import Draft
from apps.policies.permissions import beneficiaries, can_publish
from apps.policies.queries import parsed
from apps.projects.enums import MoveState, Role
from apps.projects.models import PolicyMove

_DRAFT_KINDS = {
    DraftState.PROPOSED: "gates.draft_proposed",
    DraftState.PUBLISHED: "gates.draft_published",
    DraftState.DRAFT: "gates.draft_sent_back",
    DraftState.WITHDRAWN: "gates.draft_withdrawn",
}
_MOVE_KINDS = {
    MoveState.ASKED: "gates.move_asked",
    MoveState.CONFIRMED: "gates.move_confirmed",
    MoveState.REFUSED: "gates.move_refused",
    MoveState.WITHDRAWN: "gates.move_refused",
}


def draft_moved(draft: Draft, *, by: User) -> None:
    """Tell about a draft's new state: a proposed one to who may publish it, every other to who wrote or proposed it.

    settings.POLICY_TELLS names this function, because policies know nothing of notices.
    """
    waits = draft.state == DraftState.PROPOSED
    to = _publishers(draft) if waits else [draft.author, draft.proposed_by]
    announce(
        _DRAFT_KINDS[DraftState(draft.state)],
        draft,
        project=None,
        to=_others(to, by),
        by=by,
        link=reverse("policies:draft", args=[draft.pk]),
        reason=draft.reason if waits else draft.remark,
    )


def move_moved(move: PolicyMove, *, by: User) -> None:
    """Tell about a move's new state: one that waits to who may confirm it, every other to who asked."""
    waits = move.state == MoveState.ASKED
    to = _confirmers(move) if waits else [move.asked_by]
    announce(
        _MOVE_KINDS[MoveState(move.state)],
        move,
        project=move.project,
        to=_others(to, by),
        by=by,
        link=reverse("gates:policy", args=[move.project.slug]),
        project_name=move.project.name,
        revision=str(move.to_revision),
        reason=move.reason if waits else move.closing_reason,
    )


def _publishers(draft: Draft) -> list[User]:
    barred = beneficiaries(parsed(draft))
    return [one for one in administrators() if can_publish(one, draft, barred)]


def _confirmers(move: PolicyMove) -> list[User]:
    members = User.objects.filter(
        memberships__project=move.project_id, memberships__role=Role.RISK, is_active=True
    )
    barred = barred_from(move)
    return [one for one in members if can_confirm_move(one, move, barred)]


def _others(people: Iterable[User | None], by: User) -> list[User]:
    found = {one.person_id: one for one in people if one is not None}
    return [one for key, one in found.items() if key != by.person_id]
