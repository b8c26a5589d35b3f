"""What happens to policies."""

from apps.audit.events import EventType

EVENTS = [
    EventType("policies.revision_published", "published {object}", icon="scroll-text"),
]
