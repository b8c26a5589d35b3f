"""Write events. There is no other verb here: the log only grows."""

from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from apps.audit.events import event_type
from apps.audit.models import Event, Verification
from apps.core import statements
from apps.core.canonical import canonical_json
from apps.core.db import service
from apps.core.middleware import request_id
from apps.core.models import Governed, Row
from apps.core.statements import Columns

_EVENT = Columns(Event)
#: Each change of a governed row writes one, so that it is prepared; what the trigger fills in comes back.
_INSERT = f"""
INSERT INTO audit_event AS event (kind, object_type, object_id, object_label, lock_version, project_id, actor_kind, actor_id,
    actor_label, person_id, request_id, data)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING {_EVENT.of("event")}
"""  # noqa: S608 - written here


class Actor(Protocol):
    """Whoever acts: a person, or a service account with the person who answers for it."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def person_id(self) -> UUID: ...


def record(
    kind: str, subject: Row, *, by: Actor | None, project_id: UUID | None = None, **data: Any
) -> Event:
    """Write the event ``kind`` about ``subject`` in the caller's transaction.

    ``by`` is None for the system itself. ``data`` must be JSON; raises UnknownEventType for a kind nobody lists.
    """
    version = subject.lock_version if isinstance(subject, Governed) else None
    return _write(kind, subject, version, by=by, project_id=project_id, data=data)


def record_removal(
    kind: str, subject: Governed, *, by: Actor | None, project_id: UUID | None = None, **data: Any
) -> Event:
    """Write the event that goes with the removal of a governed row, one version after its last."""
    return _write(kind, subject, subject.lock_version + 1, by=by, project_id=project_id, data=data)


def _write(
    kind: str,
    subject: Row,
    version: int | None,
    *,
    by: Actor | None,
    project_id: UUID | None,
    data: dict[str, Any],
) -> Event:
    event_type(kind)
    canonical_json(data)
    values = [
        kind,
        subject._meta.label_lower,
        subject.pk,
        str(subject)[:300],
        version,
        project_id,
        by.kind if by else "system",
        by.id if by else None,
        str(by)[:300] if by else "mlgov",
        by.person_id if by else None,
        request_id.get(),
        Jsonb(data),
    ]
    if connection.in_atomic_block:
        return _insert(values)
    return _insert_alone(values)


def _insert(values: list[Any]) -> Event:
    return _EVENT.made(statements.rows(_INSERT, values)[0])


_insert_alone = service(_insert)


@service
def note_verification(*, ok: bool, size: int, report: dict[str, Any]) -> Verification:
    """Keep what a verification of the whole log found; ``size`` is how many sealed records it covered."""
    return Verification.objects.create(ok=ok, size=size, report=report)
