"""What happens at the gates."""

from apps.audit.events import EventType
from apps.gates.exception_events import EXCEPTIONS

EVENTS = [
    EventType("gates.promotion_requested", "asked to promote {object} from {from_stage}", icon="send"),
    EventType(
        "gates.promotion_refused", "was refused {object}, because: {reasons}", icon="shield-x", tone="bad"
    ),
    EventType("gates.approved", "approved {object} as {role}: {meaning}", icon="signature", tone="good"),
    EventType("gates.rejected", "rejected {object} as {role}: {comment}", icon="shield-x", tone="bad"),
    EventType(
        "gates.changes_asked",
        "asked for changes before {object}: {comment}",
        icon="message-square-warning",
        tone="warn",
    ),
    EventType(
        "gates.approval_withdrawn", "withdrew the signature on {object}: {reason}", icon="undo-2", tone="warn"
    ),
    EventType("gates.promotion_withdrawn", "withdrew the request {object}", icon="undo-2"),
    EventType(
        "gates.promotion_stale",
        "closed {object} as stale: its evidence or policy changed",
        icon="clock-alert",
        tone="warn",
    ),
    EventType("gates.promotion_closed", "closed {object} as {state}", icon="shield-x", tone="bad"),
    EventType("gates.promoted", "promoted {object}", icon="rocket", tone="good"),
    EventType(
        "gates.act_refused", "was not allowed to {act} {object}: {reason}", icon="shield-alert", tone="warn"
    ),
    *EXCEPTIONS,
]
