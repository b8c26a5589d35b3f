"""Who may end a model, and when."""

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.projects.permissions import Right, can
from apps.registry.enums import PRODUCTION
from apps.registry.models import Model


def not_retired(model: Model) -> Decision:
    """Decide whether a model lives: a retired one gets no versions and no promotions."""
    if model.retired_at is None:
        return ALLOWED
    return not_now(
        f"{model.name} was retired on {model.retired_at:%Y-%m-%d}: {model.retirement_reason} "
        "An owner of the project can reinstate it.",
        code="model_retired",
    )


def can_retire(user: User, model: Model) -> Decision:
    """An owner retires a model of which no version is in production."""
    decision = _owner(user, model) and not_retired(model)
    if not decision:
        return decision
    live = model.versions.filter(stage=PRODUCTION).first()
    if live is not None:
        return not_now(
            f"v{live.number} is in production. Suspend it first, so that nobody is served by a retired model.",
            code="in_production",
        )
    return ALLOWED


def can_reinstate(user: User, model: Model) -> Decision:
    """An owner takes a retirement back."""
    decision = _owner(user, model)
    if decision and model.retired_at is None:
        return not_now("This model is not retired.", code="not_retired")
    return decision


def _owner(user: User, model: Model) -> Decision:
    if not user.is_person:
        return denied("Only a person retires or reinstates a model; a token cannot.", code="person_needed")
    return can(user, Right.MANAGE, model.project)
