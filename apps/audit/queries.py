"""Read the audit trail."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.audit.events import EventType, UnknownEventType, event_type, present
from apps.audit.models import Event


@dataclass(frozen=True)
class Shown:
    """An event with its sentence, icon and tone."""

    event: Event
    sentence: str
    type: EventType


def events_of_project(project_id: UUID) -> QuerySet[Event]:
    """Return the events of a project, newest first."""
    return Event.objects.filter(project_id=project_id).order_by("-id")


def site_events() -> QuerySet[Event]:
    """Return all events, newest first; for auditors and administrators."""
    return Event.objects.order_by("-id")


def narrowed(events: QuerySet[Event], *, kind: str = "", actor: str = "") -> QuerySet[Event]:
    """Filter by the beginning of a kind and by a part of the actor's name."""
    if kind:
        events = events.filter(kind__startswith=kind)
    if actor:
        events = events.filter(actor_label__icontains=actor)
    return events


def shown(event: Event) -> Shown:
    """Return an event as people read it."""
    try:
        kind = event_type(event.kind)
    except UnknownEventType:
        kind = EventType(event.kind, event.kind)
    return Shown(event, present(event.kind, event.data, label=event.object_label), kind)
