"""Roll back or suspend: by a person with a reason, or by the policy's rules on production metrics (M8.1)."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Forbidden
from apps.core.reasons import demand_reason
from apps.gates import moving
from apps.gates import permissions_exceptions as permissions
from apps.gates.models import Rollback, Suspension
from apps.gates.rollback_rules import Finding, find
from apps.gates.sentences import in_words
from apps.gates.services.life import locked_version, note_refusal
from apps.gates.services.postmortems import open_postmortem
from apps.gates.telling import tell_members
from apps.policies.queries import pack_of
from apps.registry.models import Version


def roll_back(version: Version, *, by: User, reason: str) -> Rollback:
    """Put the version that was in production before back, in one transaction. Raises Refused when there is none."""
    try:
        return _roll_back_by_person(version.pk, by=by, reason=reason)
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        note_refusal(version, "roll back", error, by=by)
        raise


@service
def _roll_back_by_person(version_id: UUID, *, by: User, reason: str) -> Rollback:
    version = locked_version(version_id)
    permissions.can_roll_back(by, version).enforce()
    return _swap(version, by=by, reason=demand_reason(reason), finding=None)


def _swap(version: Version, *, by: User, reason: str, finding: Finding | None) -> Rollback:
    restored = moving.previous_of(version)
    assert restored is not None, "permissions ask first whether there is a version before"
    project = version.model.project
    rollback = Rollback.objects.create(
        version=version,
        restored=restored,
        automatic=finding is not None,
        reason=reason,
        verdict=finding.to_json() if finding else None,
        metrics=finding.metrics if finding else None,
        policy_revision=project.policy_revision,
        started_by=by,
    )
    moving.swap_back(rollback, by=by)
    rule = pack_of(project.policy_revision).exceptions.rollback
    postmortem = open_postmortem(
        rollback,
        caused_by=None if finding else by,
        within_days=rule.review_within_days,
        blocks=rule.review_blocks,
        by=by,
    )
    facts: dict[str, Any] = {
        "version": str(version.pk),
        "restored": str(restored),
        "reason": reason,
        "automatic": finding is not None,
    }
    audit.record("gates.rolled_back", rollback, by=by, project_id=project.pk, **facts)
    tell_members(
        "gates.rolled_back",
        rollback,
        by=None if finding else by,
        restored=str(restored),
        reason=reason,
        due=f"{postmortem.due_at:%Y-%m-%d}",
    )
    return rollback


@service
def judge_production(version_id: UUID, *, by: User) -> dict[str, Any]:
    """Judge the rollback rules on the newest metrics of a version; roll back when one holds. Returns what was found."""
    version = locked_version(version_id)
    finding = find(version)
    if finding is None:
        return {"judged": False}
    answer = {"judged": True, **finding.to_json()}
    if not finding.fires:
        return answer | {"rolled_back": False}
    possible = permissions.rollback_possible(version)
    if not possible:
        tell_members(
            "gates.rollback_impossible", version, by=None, reason=finding.reason, because=possible.reason
        )
        audit.record(
            "gates.rollback_impossible",
            version,
            by=None,
            project_id=version.model.project_id,
            reason=finding.reason,
            because=possible.reason,
        )
        return answer | {"rolled_back": False, "because": possible.reason}
    rollback = _swap(version, by=by, reason=finding.reason, finding=finding)
    return answer | {"rolled_back": True, "rollback": str(rollback.pk)}


def suspend(version: Version, *, by: User, reason: str) -> Suspension:
    """Take a version out of production though none takes its place."""
    try:
        return _suspend(version.pk, by=by, reason=reason)
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        note_refusal(version, "suspend", error, by=by)
        raise


@service
def _suspend(version_id: UUID, *, by: User, reason: str) -> Suspension:
    version = locked_version(version_id)
    permissions.can_suspend(by, version).enforce()
    return take_out(version, by=by, reason=demand_reason(reason), automatic=False)


def take_out(version: Version, *, by: User, reason: str, automatic: bool) -> Suspension:
    """Suspend a locked version, in the caller's transaction.

    Where it is ``automatic``, a condition acts that ``by`` set: the move bears that name, the event nobody's.
    """
    project = version.model.project
    suspension = Suspension.objects.create(
        version=version,
        automatic=automatic,
        reason=reason,
        policy_revision=project.policy_revision,
        started_by=None if automatic else by,
    )
    moving.take_out(suspension, by=by)
    rule = pack_of(project.policy_revision).exceptions.rollback
    open_postmortem(
        suspension,
        caused_by=None if automatic else by,
        within_days=rule.review_within_days,
        blocks=rule.review_blocks,
        by=None if automatic else by,
    )
    audit.record(
        "gates.suspended",
        suspension,
        by=None if automatic else by,
        project_id=project.pk,
        version=str(version.pk),
        reason=reason,
        automatic=automatic,
    )
    tell_members("gates.suspended", suspension, by=None if automatic else by, reason=reason)
    return suspension
