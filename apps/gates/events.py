"""What happens at the gates."""

from apps.audit.events import EventType
from apps.gates.condition_events import CONDITIONS
from apps.gates.exception_events import EXCEPTIONS

EVENTS = [
    EventType("gates.promotion_requested", "asked to promote {object} from {from_stage}", icon="send"),
    EventType(
        "gates.promotion_refused", "was refused {object}, because: {reasons}", icon="shield-x", tone="bad"
    ),
    EventType("gates.record_requested", "asked for the approval record of {of}", icon="file-down"),
    EventType("gates.record_made", "made the approval record of {of}", icon="file-check"),
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
        "gates.approval_voided",
        "no longer counts a signature on {object}: {reason}",
        icon="undo-2",
        tone="warn",
    ),
    EventType("gates.promotion_expired", "closed {object} as expired", icon="timer-off", tone="warn"),
    EventType("gates.commented", "commented on {object}", icon="message-square"),
    EventType("gates.seat_asked", "asked {person} to sign {object} as {role}", icon="user-check"),
    EventType("gates.reminded", "reminded of {object} after {days} days", icon="bell"),
    EventType(
        "gates.escalated", "escalated {object} after {days} days: {missing}", icon="bell-ring", tone="warn"
    ),
    EventType("gates.delegated", "delegated: {object}, until {until}: {reason}", icon="user-plus"),
    EventType("gates.delegation_ended", "ended the delegation {object}", icon="user-minus"),
    EventType("gates.review_signed", "confirmed {object}", icon="signature", tone="good"),
    EventType("gates.review_scheduled", "scheduled the {object} for {due}", icon="calendar-clock"),
    EventType("gates.review_opened", "opened the {object}, due on {due}", icon="calendar-clock", tone="warn"),
    EventType(
        "gates.review_overdue", "found the {object} overdue since {due}", icon="clock-alert", tone="bad"
    ),
    EventType(
        "gates.review_confirmed", "closed the {object} as confirmed", icon="calendar-check", tone="good"
    ),
    EventType(
        "gates.review_finding", "closed the {object} with a finding: {finding}", icon="shield-x", tone="bad"
    ),
    EventType("gates.review_moot", "closed the {object}: the version left its stage", icon="calendar-x"),
    EventType(
        "gates.act_refused", "was not allowed to {act} {object}: {reason}", icon="shield-alert", tone="warn"
    ),
    *EXCEPTIONS,
    *CONDITIONS,
]
