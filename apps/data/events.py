"""What happens to samples and features."""

from apps.audit.events import EventType

EVENTS: list[EventType] = []
