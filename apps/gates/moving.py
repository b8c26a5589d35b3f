"""Move versions between stages: transition rows first, then the stages that follow from them."""

from typing import Any

from apps.accounts.models import User
from apps.gates import reviewing, terms
from apps.gates.enums import TransitionKind
from apps.gates.models import Promotion, Rollback, Suspension, Transition
from apps.policies.models import Revision
from apps.policies.queries import pack_of
from apps.registry import services as registry
from apps.registry.enums import PRODUCTION
from apps.registry.models import Version
from apps.registry.queries import production_version_of


def move(promotion: Promotion, *, by: User) -> None:
    """Carry a promotion out; a version that it replaces in production leaves in the same transaction."""
    version, revision = promotion.version, promotion.policy_revision
    if promotion.to_stage == PRODUCTION:
        before = production_version_of(version.model)
        if before is not None and before.pk != version.pk:
            out = _way_out(revision, "replace")
            _record(before, out, TransitionKind.REPLACED, revision, by=by, because_of=promotion)
    _record(version, promotion.to_stage, TransitionKind.PROMOTED, revision, by=by, promotion=promotion)


def swap_back(rollback: Rollback, *, by: User) -> None:
    """Take the failed version out of production and put the one before it back, in the caller's transaction."""
    revision, kind = rollback.policy_revision, TransitionKind.ROLLED_BACK
    _record(rollback.version, _way_out(revision, "replace"), kind, revision, by=by, rollback=rollback)
    _record(rollback.restored, PRODUCTION, kind, revision, by=by, rollback=rollback)
    terms.revive(rollback.restored, by=by)


def take_out(suspension: Suspension, *, by: User) -> None:
    """Take a version out of production; none takes its place."""
    revision = suspension.policy_revision
    out = _way_out(revision, "suspend")
    _record(suspension.version, out, TransitionKind.SUSPENDED, revision, by=by, suspension=suspension)


def previous_of(version: Version) -> Version | None:
    """Return the version that this one replaced when it was last promoted to production."""
    promoted = (
        Transition.objects.filter(version=version, kind=TransitionKind.PROMOTED, to_stage=PRODUCTION)
        .order_by("-sequence")
        .first()
    )
    if promoted is None:
        return None
    replaced = (
        Transition.objects.filter(because_of=promoted.promotion_id, kind=TransitionKind.REPLACED)
        .select_related("version__model__project__policy_revision")
        .first()
    )
    return replaced.version if replaced else None


def in_production_since(version: Version) -> Transition | None:
    """Return the move that brought a version into production, if it is there."""
    newest = (
        Transition.objects.filter(version=version)
        .select_related("promotion", "rollback")
        .order_by("-sequence")
        .first()
    )
    return newest if newest and newest.to_stage == PRODUCTION else None


def _way_out(revision: Revision, kind: str) -> str:
    out = pack_of(revision).way_out(kind)
    assert out is not None, f"permissions ask first whether the policy has a transition of kind {kind}"
    return out


def _record(
    version: Version, to_stage: str, kind: TransitionKind, revision: Revision, *, by: User, **cause: Any
) -> None:
    newest = Transition.objects.filter(version=version).order_by("-sequence").first()
    Transition.objects.create(
        version=version,
        sequence=newest.sequence + 1 if newest else 1,
        previous=newest.sequence if newest else None,
        from_stage=version.stage,
        to_stage=to_stage,
        kind=kind,
        policy_revision=revision,
        moved_by=by,
        **cause,
    )
    reviewing.lapse(version, by=by)
    terms.lapse(version, by=by)
    registry.move_stage(version, stage=to_stage, by=by)
