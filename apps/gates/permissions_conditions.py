"""Who may fulfil and confirm what an approval is bound to, and what overdue obligations stop."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.gates.enums import OBLIGATION_OWED, ObligationState
from apps.gates.models import Obligation
from apps.projects.permissions import Right, can, role_of
from apps.registry.models import Model


def can_fulfil(user: User, obligation: Obligation) -> Decision:
    """Who owes it says that it is done; so may an owner of the project, when that person has gone."""
    if not user.is_person:
        return denied("Only a person fulfils an obligation; a token cannot.", code="person_needed")
    project = obligation.version.model.project
    owes = obligation.owner_id == user.pk and role_of(user, project.pk) is not None
    if not owes and not can(user, Right.MANAGE, project):
        return denied(f"{obligation.owner} owes this; only they or an owner of the project fulfil it.")
    if obligation.state != ObligationState.OPEN:
        return not_now(f"This obligation: {obligation.get_state_display().lower()}.", code="not_open")
    return ALLOWED


def can_answer(user: User, obligation: Obligation) -> Decision:
    """A reviewer or risk officer confirms, and never their own work."""
    right = can(user, Right.APPROVE, obligation.version.model.project)
    if not right:
        return right
    if user.pk in (obligation.owner_id, obligation.fulfilled_by_id):
        return denied(
            "You owe this or said that it is done, so someone else must confirm it.", code="own_work"
        )
    if obligation.state != ObligationState.FULFILLED:
        return not_now(f"This obligation: {obligation.get_state_display().lower()}.", code="not_fulfilled")
    return ALLOWED


def blocking_obligations(model: Model) -> QuerySet[Obligation]:
    """Return the obligations of a model that are overdue and stop its promotions, the first that was due on top."""
    return (
        Obligation.objects.filter(
            version__model=model, state__in=OBLIGATION_OWED, blocks=True, due_at__lt=Now()
        )
        .select_related("owner")
        .order_by("due_at")
    )


def stopped_by(obligation: Obligation) -> Decision:
    """Say that an overdue obligation stops the promotions of its model."""
    waits = "to be confirmed" if obligation.state == ObligationState.FULFILLED else "to be fulfilled"
    return not_now(
        f"An obligation of an earlier approval was due on {obligation.due_at:%Y-%m-%d} and is still {waits}: "
        f"“{obligation.text[:120]}”. {obligation.owner} owes it. Until it is confirmed, no version of this model "
        "is promoted.",
        code="obligation_overdue",
    )
