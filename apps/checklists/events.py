"""What happens to checklists."""

from apps.audit.events import EventType

EVENTS = [
    EventType("checklists.checklist_opened", "opened the {object} of {version}", icon="list-checks"),
    EventType("checklists.item_answered", "answered “{item}” with {value}", icon="list-checks"),
    EventType(
        "checklists.item_overruled",
        "overruled the automatic answer to “{item}” with {value}: {reason}",
        icon="list-x",
        tone="warn",
    ),
]
