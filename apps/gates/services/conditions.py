"""Judge conditional approvals: a breach alarms once, and suspends by itself where the policy says so."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.audit import services as audit
from apps.core.db import service
from apps.gates import terms
from apps.gates.enums import BreachState, ConditionState
from apps.gates.models import Breach, Condition
from apps.gates.permissions_exceptions import suspension_possible
from apps.gates.services.life import locked_version
from apps.gates.services.rolling_back import take_out
from apps.gates.telling import tell_members
from apps.gates.watching import judge_condition, known_of
from apps.policies.verdicts import State, Verdict
from apps.registry.models import Version


def watch_conditions() -> dict[str, int]:
    """Judge every version that has conditions in force, each in its own transaction; returns how many of what."""
    held = Condition.objects.filter(state=ConditionState.IN_FORCE).values_list("version_id", flat=True)
    found = [judge_conditions(pk) for pk in held.order_by("version_id").distinct()]
    return {
        "conditions_judged": sum(one["judged"] for one in found),
        "breaches": sum(len(one["broken"]) for one in found),
        "suspended": sum(bool(one["suspended"]) for one in found),
    }


@service
def judge_conditions(version_id: UUID, *, now: datetime | None = None) -> dict[str, Any]:
    """Judge the conditions in force of a version; open and clear breaches, suspend where one says so.

    ``now`` is the clock that days and ends are counted on; the time of the call unless said.
    """
    version = locked_version(version_id)
    held = Condition.objects.filter(version=version, state=ConditionState.IN_FORCE).order_by("id")
    conditions = list(held.select_for_update(of=("self",)).select_related("approval__person"))
    answer: dict[str, Any] = {"judged": len(conditions), "broken": [], "suspended": ""}
    if not conditions:
        return answer
    known, clock = known_of(version), now or timezone.now()
    fresh = []
    for condition in conditions:
        condition.version = version
        breach = _note(condition, judge_condition(version, condition, known, clock))
        if breach is not None:
            fresh.append(breach)
    answer["broken"] = [one.condition.sentence for one in fresh]
    # Also what broke before may suspend now: the policy may have had no way out then.
    answer["suspended"] = _suspend(version)
    return answer


def _note(condition: Condition, verdict: Verdict) -> Breach | None:
    """Open or clear the episode; returns it when it is new."""
    going_on = condition.breaches.filter(state=BreachState.OPEN).first()
    if going_on is not None:
        going_on.condition = condition
        if verdict.state == State.PASS:
            terms.clear(going_on, by=None, because=verdict.reason)
            tell_members(
                "gates.condition_holds", going_on, by=None, says=condition.sentence, reason=verdict.reason
            )
        return None
    if verdict.state != State.FAIL:
        return None
    breach = Breach.objects.create(condition=condition, reason=verdict.reason, verdict=verdict.to_json())
    audit.record(
        "gates.breach_opened",
        breach,
        by=None,
        project_id=condition.version.model.project_id,
        version=str(condition.version_id),
        says=condition.sentence,
        reason=verdict.reason,
    )
    tell_members("gates.condition_broken", breach, by=None, says=condition.sentence, reason=verdict.reason)
    return breach


def _suspend(version: Version) -> str:
    """Take the version out of production when an open breach says so and there is a way; returns the suspension's id.

    The move is the signer's whose condition it was; the audit trail says that it happened by itself.
    """
    grave = [one for one in _open_breaches(version) if one.condition.suspends]
    if not grave or not suspension_possible(version):
        return ""
    reason = "By condition: " + "; ".join(f"{one.condition.sentence}. {one.reason}" for one in grave)
    signer = grave[0].condition.approval.person
    return str(take_out(version, by=signer, reason=reason, automatic=True).pk)


def _open_breaches(version: Version) -> list[Breach]:
    found = Breach.objects.filter(condition__version=version, state=BreachState.OPEN).order_by("id")
    return list(found.select_related("condition__approval__person", "condition__version__model"))
