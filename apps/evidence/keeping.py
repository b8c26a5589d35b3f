"""Evidence that was collected for a page is kept by the process until it may have changed.

Whatever is known of a version changes by an event of its project or of the site (ADR 16), or with the day. What was
collected is therefore good as long as no transaction has written such an event that was not finished when the collecting
began: those transactions are numbered from the oldest that still ran then. Requests that write nothing keep evidence;
forms, jobs and gates collect anew.
"""

import datetime
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.audit.models import Event
from apps.core.clock import today

Key = tuple[UUID, str]
#: So many documents of some tens of kilobytes are kept.
MOST_KEPT = 256
#: A transaction that runs for hours makes more events than are worth counting: then nothing is kept.
MOST_EVENTS = 1000


@dataclass(frozen=True)
class Moment:
    """When a collecting began: the oldest transaction that still ran, how many events there were from it on, the day."""

    oldest: int
    events: int
    day: datetime.date


@dataclass(frozen=True)
class Kept:
    """Canonical JSON with its SHA-256, and when it was true."""

    content: bytes
    digest: str
    moment: Moment


_kept: OrderedDict[Key, Kept] = OrderedDict()
_lock = Lock()


def recall(key: Key, project_id: UUID) -> Kept | None:
    """Return what was kept for a version, if it is still true; one query."""
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is None or found.moment.day != today():
        return None
    return found if _events_since(found.moment.oldest, project_id) == found.moment.events else None


def begin(project_id: UUID) -> Moment:
    """Return the moment before a collecting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = cursor.fetchone()
    return Moment(oldest, _events_since(oldest, project_id), today())


def keep(key: Key, kept: Kept) -> None:
    """Keep what was collected; the longest unused makes room."""
    if kept.moment.events >= MOST_EVENTS:
        return
    with _lock:
        _kept[key] = kept
        _kept.move_to_end(key)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _events_since(oldest: int, project_id: UUID) -> int:
    events = Event.objects.filter(
        Q(project_id=project_id) | Q(project_id__isnull=True), transaction_id__gte=oldest
    )
    return events[:MOST_EVENTS].count()
