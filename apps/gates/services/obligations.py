"""Obligations of an approval: fulfil, confirm, send back, remind."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.core.db import service
from apps.core.errors import Invalid
from apps.gates import permissions_conditions as permissions
from apps.gates.enums import OBLIGATION_OWED, ObligationState
from apps.gates.models import Obligation
from apps.gates.sentences import in_words
from apps.gates.telling import tell_members, tell_people
from apps.gates.terms import move_obligation
from apps.projects.enums import Role

#: Days before an obligation is due at which its owner is reminded.
REMIND_DAYS_BEFORE = 7
#: What was done, and why it does not suffice, are words.
SHORTEST_NOTE = 10
_APPROVERS = (Role.REVIEWER, Role.RISK)


def fulfil_obligation(obligation: Obligation, *, by: User, note: str, link: str = "") -> Obligation:
    """Say that an obligation is fulfilled, with what was done and where it is seen. An approver confirms it."""
    try:
        return _fulfil(obligation.pk, by=by, note=note, link=link)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _fulfil(obligation_id: UUID, *, by: User, note: str, link: str) -> Obligation:
    obligation = _held(obligation_id)
    permissions.can_fulfil(by, obligation).enforce()
    if link and urlsplit(link).scheme not in {"http", "https"}:
        raise Invalid("A link begins with http:// or https://.", code="bad_link", field="link")
    move_obligation(
        obligation,
        ObligationState.FULFILLED,
        by=by,
        event="gates.obligation_fulfilled",
        note=_words(note, "note"),
        link=link,
        fulfilled_by=by,
        fulfilled_at=Now(),
        answer="",
        answered_by=None,
        answered_at=None,
    )
    tell_members(
        "gates.obligation_fulfilled",
        obligation,
        by=by,
        roles=_APPROVERS,
        note=obligation.note,
    )
    return obligation


def answer_obligation(obligation: Obligation, *, by: User, confirmed: bool, answer: str = "") -> Obligation:
    """Confirm that an obligation is fulfilled, or send it back with what is missing."""
    try:
        return _answer(obligation.pk, by=by, confirmed=confirmed, answer=answer)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _answer(obligation_id: UUID, *, by: User, confirmed: bool, answer: str) -> Obligation:
    obligation = _held(obligation_id)
    permissions.can_answer(by, obligation).enforce()
    state = ObligationState.CONFIRMED if confirmed else ObligationState.OPEN
    move_obligation(
        obligation,
        state,
        by=by,
        event="gates.obligation_confirmed" if confirmed else "gates.obligation_sent_back",
        answer=answer.strip() if confirmed else _words(answer, "answer"),
        answered_by=by,
        answered_at=Now(),
    )
    kind = "gates.obligation_confirmed" if confirmed else "gates.obligation_sent_back"
    tell_people(kind, obligation, [obligation.owner], by=by, answer=obligation.answer)
    return obligation


def _held(obligation_id: UUID) -> Obligation:
    return (
        Obligation.objects.select_for_update(of=("self",))
        .select_related("version__model__project__policy_revision", "owner", "fulfilled_by")
        .get(pk=obligation_id)
    )


def _words(text: str, field: str) -> str:
    if len(text.strip()) < SHORTEST_NOTE:
        raise Invalid(f"Say it in {SHORTEST_NOTE} characters or more.", code="words_missing", field=field)
    return text.strip()


@service
def remind_of_obligations() -> int:
    """Remind the owner once before an obligation is due, and tell owner and approvers once when it is overdue.

    Returns how many are overdue.
    """
    soon = timezone.now() + timedelta(days=REMIND_DAYS_BEFORE)
    near = Obligation.objects.filter(state__in=OBLIGATION_OWED, due_at__lt=soon)
    overdue = 0
    for one in near.select_related("version__model__project", "owner").order_by("due_at"):
        due = f"{one.due_at:%Y-%m-%d}"
        if not one.is_overdue:
            if one.state == ObligationState.OPEN:
                tell_people("gates.obligation_due", one, [one.owner], by=None, once="due", due=due)
            continue
        overdue += 1
        tell_people("gates.obligation_overdue", one, [one.owner], by=None, once="overdue-owner", due=due)
        roles = (Role.OWNER, *_APPROVERS)
        tell_members("gates.obligation_overdue", one, by=None, roles=roles, once="overdue", due=due)
    return overdue
