"""What happens to conditional approvals."""

from apps.audit.events import EventType

CONDITIONS = [
    EventType("gates.condition_set", "bound the approval to a condition: {says}", icon="list-checks"),
    EventType("gates.condition_in_force", "put a condition in force: {says}", icon="shield-check"),
    EventType("gates.condition_over", "ended a condition: {says}", icon="shield"),
    EventType(
        "gates.condition_dropped", "dropped a condition that never came into force: {says}", icon="shield"
    ),
    EventType("gates.breach_opened", "found a condition broken: {says}. {reason}", icon="siren", tone="bad"),
    EventType(
        "gates.breach_cleared",
        "cleared a broken condition: {says}. {because}",
        icon="shield-check",
        tone="good",
    ),
    EventType(
        "gates.obligation_set",
        "bound the approval to an {object}, owed by {owner} until {due}",
        icon="list-todo",
    ),
    EventType(
        "gates.obligation_in_force",
        "put the {object} in force, owed by {owner} until {due}",
        icon="list-todo",
    ),
    EventType("gates.obligation_dropped", "dropped the {object}: it never came into force", icon="list-x"),
    EventType(
        "gates.obligation_fulfilled", "says that the {object} is fulfilled: {note}", icon="list-checks"
    ),
    EventType("gates.obligation_confirmed", "confirmed the {object}", icon="check-check", tone="good"),
    EventType("gates.obligation_sent_back", "sent the {object} back: {answer}", icon="undo-2", tone="warn"),
]
