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
    EventType("checklists.item_assigned", "gave “{item}” to {assignee}, due {due}", icon="user-check"),
    EventType("checklists.item_unassigned", "took “{item}” back from who was to answer it", icon="user-x"),
    EventType("checklists.item_commented", "commented on “{item}”", icon="message-square"),
    EventType(
        "checklists.checklist_migrated",
        "took the {object} of {version} over from {before} to {after}",
        icon="git-branch",
    ),
]
