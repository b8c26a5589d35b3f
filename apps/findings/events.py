"""What happens to findings."""

from apps.audit.events import EventType

EVENTS = [
    EventType("findings.found", "found: {object}. {reason}", icon="circle-alert", tone="bad"),
    EventType("findings.gone", "no longer so: {object}", icon="circle-check", tone="good"),
    EventType("findings.returned", "open again, its time is over: {object}", icon="clock-alert", tone="warn"),
    EventType(
        "findings.set_aside",
        "went on in spite of “{object}” until {until}: {reason}",
        icon="eye-off",
        tone="warn",
    ),
    EventType(
        "findings.project_stopped",
        "stopped the project for “{object}”: {reason}",
        icon="octagon-x",
        tone="bad",
    ),
]
