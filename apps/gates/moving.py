"""Move versions between stages: transition rows first, then the stages that follow from them."""

from apps.accounts.models import User
from apps.gates import reviewing
from apps.gates.enums import TransitionKind
from apps.gates.models import Promotion, Transition
from apps.policies.queries import pack_of
from apps.registry import services as registry
from apps.registry.enums import PRODUCTION
from apps.registry.models import Version
from apps.registry.queries import production_version_of


def move(promotion: Promotion, *, by: User) -> None:
    """Carry a promotion out; a version that it replaces in production leaves in the same transaction."""
    version = promotion.version
    if promotion.to_stage == PRODUCTION:
        before = production_version_of(version.model)
        if before is not None and before.pk != version.pk:
            _record(before, _exit_of(promotion), TransitionKind.REPLACED, promotion, by=by)
    _record(version, promotion.to_stage, TransitionKind.PROMOTED, promotion, by=by)


def _exit_of(promotion: Promotion) -> str:
    """Return where a replaced version goes: the policy's transition of kind replace out of production."""
    rules = pack_of(promotion.policy_revision).transitions
    return next(rule.to_stage for rule in rules if rule.from_stage == PRODUCTION and rule.kind == "replace")


def _record(version: Version, to_stage: str, kind: TransitionKind, promotion: Promotion, *, by: User) -> None:
    newest = Transition.objects.filter(version=version).order_by("-sequence").first()
    promoted = kind == TransitionKind.PROMOTED
    Transition.objects.create(
        version=version,
        sequence=newest.sequence + 1 if newest else 1,
        previous=newest.sequence if newest else None,
        from_stage=version.stage,
        to_stage=to_stage,
        kind=kind,
        promotion=promotion if promoted else None,
        because_of=None if promoted else promotion,
        policy_revision=promotion.policy_revision,
        moved_by=by,
    )
    reviewing.lapse(version, by=by)
    registry.move_stage(version, stage=to_stage, by=by)
