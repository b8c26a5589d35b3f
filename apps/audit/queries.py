"""Read the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.audit.events import EventType, UnknownEventType, event_type, present
from apps.audit.models import Event, Leaf, Seal, Verification


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


def newest_event_id() -> int:
    """Return the id of the event that was numbered last; 0 of an empty log."""
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def narrowed(
    events: QuerySet[Event],
    *,
    kind: str = "",
    actor: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Event]:
    """Filter by the beginning of a kind, parts of the actor's and the object's name, and a time from and before."""
    if kind:
        events = events.filter(kind__startswith=kind)
    if actor:
        events = events.filter(actor_label__icontains=actor)
    if subject:
        events = events.filter(object_label__icontains=subject)
    if since:
        events = events.filter(recorded_at__gte=since)
    if until:
        events = events.filter(recorded_at__lt=until)
    return events


#: Records that wait for a seal are counted as far as this: without a sealer they may be millions.
MOST_WAITING = 10_000


@dataclass(frozen=True)
class ChainState:
    """How far the log is sealed and verified; ``waiting`` is ``MOST_WAITING`` where that many or more wait."""

    seal: Seal | None
    waiting: int
    verification: Verification | None

    @property
    def is_far_behind(self) -> bool:
        return self.waiting == MOST_WAITING


def chain_state() -> ChainState:
    """Return the newest seal, how many newer records wait for one, and the newest verification."""
    last = Leaf.objects.order_by("-position").values_list("event_id", flat=True).first() or 0
    return ChainState(
        Seal.objects.order_by("-size").first(),
        Event.objects.filter(pk__gt=last)[:MOST_WAITING].count(),
        Verification.objects.order_by("-id").first(),
    )


def history_of(event: Event) -> QuerySet[Event]:
    """Return all events of the event's object, oldest first."""
    return Event.objects.filter(object_type=event.object_type, object_id=event.object_id).order_by("sequence")


def shown(event: Event) -> Shown:
    """Return an event as people read it."""
    try:
        kind = event_type(event.kind)
    except UnknownEventType:
        kind = EventType(event.kind, event.kind)
    return Shown(event, present(event.kind, event.data, label=event.object_label), kind)
