"""What the gates tell on the model card: the last verdict, and the terms under which the version may be used."""

from collections.abc import Mapping
from typing import Any

from apps.core.clock import utc_text
from apps.core.rows import rows_of
from apps.gates.enums import REVIEW_LIVE, ConditionState, ObligationState, WaiverState
from apps.gates.models import Condition, Obligation, Promotion, Review, Waiver
from apps.registry.models import Version

#: How the card names what a verdict says; "inconclusive" and "missing" are both not known.
STATES = {"pass": "pass", "fail": "fail", "waived": "waived"}


def part(version: Version, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was decided and agreed on, by the rows and not by the clock."""
    hidden = (ObligationState.PROPOSED, ObligationState.DROPPED)
    rows = rows_of(
        promotions=Promotion.objects.filter(version=version).order_by("version", "-id").distinct("version"),
        waivers=Waiver.objects.filter(version=version, state=WaiverState.GRANTED)
        .select_related("grant")
        .order_by("id"),
        conditions=Condition.objects.filter(version=version, state=ConditionState.IN_FORCE).order_by("id"),
        obligations=Obligation.objects.filter(version=version)
        .exclude(state__in=hidden)
        .select_related("owner")
        .order_by("due_at", "id"),
        reviews=Review.objects.filter(version=version, state__in=REVIEW_LIVE),
    )
    return {
        "gates": {
            "last_verdict": _verdict(rows["promotions"][0]) if rows["promotions"] else None,
            "waivers": [_waiver(one) for one in rows["waivers"]],
            "conditions": [{"text": one.sentence, "state": one.state} for one in rows["conditions"]],
            "obligations": [
                {
                    "text": one.text,
                    "due": one.due_at.date().isoformat(),
                    "owner": str(one.owner),
                    "state": one.state,
                }
                for one in rows["obligations"]
            ],
        },
        "monitoring": {
            "review_due": utc_text(rows["reviews"][0].due_at) if rows["reviews"] else None,
            "signals": [one.sentence for one in rows["conditions"] if one.expression],
        },
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "criterion": waiver.title,
        "reason": waiver.reason,
        "until": utc_text(waiver.until),
        "granted_by": waiver.grant.signer_name,
    }


def _verdict(promotion: Promotion) -> dict[str, Any]:
    return {
        "gate": f"{promotion.from_stage} to {promotion.to_stage}",
        "state": STATES.get(promotion.verdict["state"], "unknown"),
        "at": utc_text(promotion.created_at),
        "criteria": [
            {
                "title": one["title"],
                "state": "waived" if one.get("waiver") else STATES.get(one["state"], "unknown"),
                "says": one["reason"],
            }
            for one in promotion.verdict["criteria"]
        ],
    }
