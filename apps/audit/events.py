"""Event types: each app lists its own, and each has one sentence that presents it."""

import importlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings


@dataclass(frozen=True)
class EventType:
    """A kind of event. ``sentence`` completes "Ada …" and is formatted with the event's data.

    ``icon`` is a Lucide name; ``tone`` one of neutral, good, bad, warn.
    """

    kind: str
    sentence: str
    icon: str = "circle-dot"
    tone: str = "neutral"


class UnknownEventType(LookupError):
    """No app lists this kind of event."""


@cache
def known() -> dict[str, EventType]:
    """Return every event type of the apps named in settings.AUDIT_EVENT_MODULES, by kind."""
    found: dict[str, EventType] = {}
    for name in settings.AUDIT_EVENT_MODULES:
        for event in importlib.import_module(name).EVENTS:
            if event.kind in found:
                raise ValueError(f"The event type {event.kind} is listed twice; the second time in {name}.")
            found[event.kind] = event
    return found


def event_type(kind: str) -> EventType:
    """Return the type of ``kind``; raises UnknownEventType."""
    try:
        return known()[kind]
    except KeyError:
        raise UnknownEventType(
            f"No app lists an event type {kind!r}. Add it to the app's events.py."
        ) from None


class _Gaps(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def present(kind: str, data: dict[str, object], *, label: str) -> str:
    """Return the sentence of an event; a value that an old event lacks shows as an ellipsis."""
    try:
        template = event_type(kind).sentence
    except UnknownEventType:
        return kind
    return template.format_map(_Gaps({"object": label, **data}))
