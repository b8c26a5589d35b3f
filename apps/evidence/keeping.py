"""What was made of all that is known of a version is kept by the process until it may have changed: evidence, cards.

Whatever is known of a version changes by an event of its project or of the site (ADR 16), or with the day; the metrics of
a run that still runs alone come without one, so that nothing is kept of its version. What was made is therefore good as
long as no transaction has written such an event that was not finished when the making began: those transactions are
numbered from the oldest that still ran then. The version itself is read after that moment, never before. Requests that
write nothing keep what they made; forms and jobs make it anew, and so does the gate of pipelines.
"""

import datetime
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from django.db import connection
from django.db.models import Q

from apps.audit.models import Event
from apps.core.canonical import digest_bytes
from apps.core.clock import today
from apps.core.memory import is_remembering, remembering
from apps.experiments.enums import RunState
from apps.policies.queries import without_texts
from apps.registry.models import Version

#: Of which version, under which revision of the policy, what.
Key = tuple[UUID, UUID, str]
#: So many documents of some tens of kilobytes are kept.
MOST_KEPT = 512
#: A transaction that runs for hours makes more events than are worth counting: then nothing is kept.
MOST_EVENTS = 1000
#: What people do most often at the site, and what says nothing of any version.
_SAY_NOTHING = ("accounts.signed_in", "accounts.sign_in_failed", "accounts.reauthentication_failed")


@dataclass(frozen=True)
class Moment:
    """When a making began: the oldest transaction that still ran, how many events there were from it on, the day."""

    oldest: int
    events: int
    day: datetime.date


@dataclass(frozen=True)
class Kept:
    """Canonical JSON with its SHA-256, and when it was true; ``moment`` is None for what is not kept."""

    content: bytes
    digest: str
    moment: Moment | None


_kept: OrderedDict[Key, Kept] = OrderedDict()
_lock = Lock()


def kept(version: Version, what: str, make: Callable[[Version], bytes]) -> Kept:
    """Return what ``make`` makes of a version, or made before if that is still true (one query)."""
    if not is_remembering():
        return _made(version, make, None)
    project = version.model.project
    key = (version.pk, project.policy_revision_id, what)
    found = _recall(key, project.pk)
    if found is None:
        found = _begun(version, make)
        _keep(key, found)
    return found


def _begun(version: Version, make: Callable[[Version], bytes]) -> Kept:
    """Make it of what is read from now on; what cannot be kept has no moment."""
    moment = _begin(version.model.project_id)
    with remembering():
        now = (
            Version.objects.select_related("model__project__policy_revision__pack", "run__experiment")
            .defer(*without_texts("model__project__policy_revision"))
            .get(pk=version.pk)
        )
        if now.model.project.policy_revision_id != version.model.project.policy_revision_id:
            # Somebody asks what it would be under another revision of the policy.
            return _made(version, make, None)
        runs = now.run is not None and now.run.state == RunState.RUNNING
        return _made(now, make, None if runs else moment)


def _made(version: Version, make: Callable[[Version], bytes], moment: Moment | None) -> Kept:
    content = make(version)
    return Kept(content, digest_bytes(content), moment)


def _recall(key: Key, project_id: UUID) -> Kept | None:
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is None or found.moment is None or found.moment.day != today():
        return None
    return found if _events_since(found.moment.oldest, project_id) == found.moment.events else None


def _begin(project_id: UUID) -> Moment:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest,) = cursor.fetchone()
    return Moment(oldest, _events_since(oldest, project_id), today())


def _keep(key: Key, made: Kept) -> None:
    """Keep what was made; the longest unused makes room."""
    if made.moment is None or made.moment.events >= MOST_EVENTS:
        return
    with _lock:
        _kept[key] = made
        _kept.move_to_end(key)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _events_since(oldest: int, project_id: UUID) -> int:
    mine = Q(project_id=project_id) | Q(project_id__isnull=True)
    events = Event.objects.filter(mine, transaction_id__gte=oldest).exclude(kind__in=_SAY_NOTHING)
    return events[:MOST_EVENTS].count()
