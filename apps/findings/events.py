"""What happens to findings."""

from apps.audit.events import EventType

EVENTS: list[EventType] = []
