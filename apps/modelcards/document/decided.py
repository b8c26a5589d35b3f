"""What people and gates decided, as the audit log has it, and what the apps beside and above tell of it."""

from typing import Any

from apps.audit.events import present
from apps.audit.models import Event
from apps.core.clock import utc_text
from apps.modelcards.document.known import EXCEPTION_EVENTS, Known


def parts_of(known: Known) -> dict[str, Any]:
    """Return gates, signatures, exceptions, checklists, rubric, monitoring and history."""
    told = known.told
    gates = told.get("gates", {})
    policy, revision = known.policy
    return {
        "checklists": told.get("checklists", []),
        "rubric": told.get("rubric"),
        "gates": {
            "policy": policy,
            "policy_revision": revision,
            "last_verdict": gates.get("last_verdict"),
            **{name: gates.get(name, []) for name in ("waivers", "conditions", "obligations")},
        },
        "signatures": [_signature(event) for event in known.signed],
        "exceptions": [
            {"text": sentence(event), "at": utc_text(event.recorded_at)}
            for event in known.events
            if event.kind in EXCEPTION_EVENTS
        ],
        "monitoring": told.get("monitoring", {"review_due": None, "signals": []}),
        "history": [
            {
                "at": utc_text(event.recorded_at),
                "by": event.actor_label,
                "text": present(event.kind, event.data, label=event.object_label),
            }
            for event in known.events
        ],
    }


def sentence(event: Event) -> str:
    """Return an event as one sentence."""
    return f"{event.actor_label} {present(event.kind, event.data, label=event.object_label)}"


def _signature(event: Event) -> dict[str, Any]:
    return {
        "name": event.actor_label,
        "role": str(event.data.get("role", "")),
        "meaning": str(event.data.get("meaning", "")),
        "at": utc_text(event.recorded_at),
        "evidence_digest": str(event.data.get("digest", "")),
        "reason": str(event.data.get("comment", "")),
    }
