"""Who may end a model, and when."""

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.policies.queries import pack_of
from apps.projects.permissions import Right, can
from apps.registry.enums import PRODUCTION
from apps.registry.models import Model, Version


def not_retired(model: Model) -> Decision:
    """Decide whether a model lives: a retired one gets no versions and no promotions."""
    if model.retired_at is None:
        return ALLOWED
    return not_now(
        f"{model.name} was retired on {model.retired_at:%Y-%m-%d}: {model.retirement_reason} "
        "An owner of the project can reinstate it.",
        code="model_retired",
    )


def not_deleted(model: Model) -> Decision:
    """Decide whether a model is there for who names it; one that was deleted gets no versions and no promotions."""
    if model.deleted_at is None:
        return ALLOWED
    return not_now(
        f"{model.name} was deleted on {model.deleted_at:%Y-%m-%d}. Use another model.", code="deleted"
    )


def there(version: Version) -> Decision:
    """Decide whether neither a version nor its model was deleted."""
    decision = not_deleted(version.model)
    if not decision or version.deleted_at is None:
        return decision
    return not_now(
        f"{version} was deleted on {version.deleted_at:%Y-%m-%d}. Register a new version.", code="deleted"
    )


def in_use(version: Version) -> Decision:
    """Decide whether a version may move: it is there, and its model is not retired."""
    return there(version) and not_retired(version.model)


def can_delete_version(user: User, version: Version) -> Decision:
    """A contributor deletes a version that has not left its first stage; the gates ask whether one has judged it."""
    decision = can(user, Right.CONTRIBUTE, version.model.project) and there(version)
    first = pack_of(version.model.project.policy_revision).initial_stage
    if decision and version.stage != first:
        return not_now(
            f"{version} is in {version.stage}: what was judged stays. Move it through the gates of the policy instead.",
            code="judged",
        )
    return decision


def can_retire(user: User, model: Model) -> Decision:
    """An owner retires a model of which no version is in production."""
    decision = _owner(user, model) and not_deleted(model) and not_retired(model)
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
    decision = _owner(user, model) and not_deleted(model)
    if decision and model.retired_at is None:
        return not_now("This model is not retired.", code="not_retired")
    return decision


def _owner(user: User, model: Model) -> Decision:
    if not user.is_person:
        return denied("Only a person retires or reinstates a model; a token cannot.", code="person_needed")
    return can(user, Right.MANAGE, model.project)
