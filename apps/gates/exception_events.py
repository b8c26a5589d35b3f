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
]
