"""What happens by exception."""

from apps.audit.events import EventType

EXCEPTIONS = [
    EventType("gates.waiver_asked", "asked for a {object} until {until}: {reason}", icon="ticket"),
    EventType(
        "gates.waiver_granted",
        "granted a {object} until {until}: {comment}",
        icon="ticket-check",
        tone="warn",
    ),
    EventType("gates.waiver_closed", "closed the {object} as {state}: {reason}", icon="ticket-x"),
    EventType("gates.waiver_ended", "noted that the {object} has ended", icon="ticket-x", tone="warn"),
    EventType("gates.rolled_back", "carried out the {object}: {reason}", icon="undo-2", tone="bad"),
    EventType(
        "gates.rollback_impossible",
        "could not roll back {object}. {reason} But: {because}",
        icon="circle-alert",
        tone="bad",
    ),
    EventType("gates.suspended", "carried out the {object}: {reason}", icon="circle-pause", tone="bad"),
    EventType(
        "gates.broke_glass",
        "broke the glass: {object} past its gate, because: {reason}",
        icon="siren",
        tone="bad",
    ),
    EventType(
        "gates.postmortem_opened",
        "opened the {object}, for {owner}, due {due}",
        icon="clipboard-list",
        tone="warn",
    ),
    EventType(
        "gates.postmortem_closed", "closed the {object}: {outcome}", icon="clipboard-check", tone="good"
    ),
]
