"""What a page made of all that is known of a project is kept by the process until that may have changed.

Whatever is known changes by an event of its project or of the site (ADR 16), or with the day. What was made is therefore
good as long as no transaction has written such an event that was not finished when the making began: those transactions
are numbered from the oldest that still ran then. All that it is made of is read after that moment, never before. Requests
that write nothing keep what they made; forms and jobs make it anew.
"""

import datetime
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.audit.models import Event
from apps.core.clock import today
from apps.core.memory import is_remembering, remembering

T = TypeVar("T")
#: What was made, and of what: names and ids.
Key = tuple[str | UUID, ...]
#: So many things of some tens of kilobytes are kept.
MOST_KEPT = 512
#: A transaction that runs for hours makes more events than are worth counting: then nothing is kept.
MOST_EVENTS = 1000
#: What people and pipelines do most often, and what says nothing of what is known of a project.
_SAY_NOTHING = (
    *("accounts.signed_in", "accounts.sign_in_failed", "accounts.reauthentication_failed"),
    *("accounts.token_issued", "identity.trust_used", "identity.trust_refused"),
)


@dataclass(frozen=True)
class Moment:
    """When a making began: the oldest transaction that still ran, how many events there were from it on, the day."""

    oldest: int
    events: int
    day: datetime.date


_kept: OrderedDict[Key, tuple[Any, Moment]] = OrderedDict()
_lock = Lock()


def kept(key: Key, project_id: UUID, make: Callable[[], tuple[T, bool]]) -> T:
    """Return what ``make`` makes, or made before if that is still true (one query).

    ``make`` reads all that it needs by itself, and returns what nobody changes, with whether that lasts until an event.
    """
    if not is_remembering():
        return make()[0]
    found = _recall(key, project_id)
    if found is not None:
        value: T = found[0]
        return value
    moment = _begin(project_id)
    # What this request remembers was read before the moment.
    with remembering():
        value, lasts = make()
    if lasts and moment.events < MOST_EVENTS:
        _keep(key, value, moment)
    return value


def _recall(key: Key, project_id: UUID) -> tuple[Any, Moment] | None:
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is None or found[1].day != today():
        return None
    return found if _events_since(found[1].oldest, project_id) == found[1].events else None


def _begin(project_id: UUID) -> Moment:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = cursor.fetchone()
    return Moment(oldest, _events_since(oldest, project_id), today())


def _keep(key: Key, value: object, moment: Moment) -> None:
    """Keep what was made; the longest unused makes room."""
    with _lock:
        _kept[key] = value, moment
        _kept.move_to_end(key)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _events_since(oldest: int, project_id: UUID) -> int:
    mine = Q(project_id=project_id) | Q(project_id__isnull=True)
    events = Event.objects.filter(mine, transaction_id__gte=oldest).exclude(kind__in=_SAY_NOTHING)
    return events[:MOST_EVENTS].count()
