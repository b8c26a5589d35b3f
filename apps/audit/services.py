"""Write events. There is no other verb here: the log only grows."""

from typing import Any, Protocol
from uuid import UUID

from apps.audit.events import event_type
from apps.audit.models import Event, Verification
from apps.core.canonical import canonical_json
from apps.core.db import service
from apps.core.middleware import request_id
from apps.core.models import Governed, Row


class Actor(Protocol):
    """Whoever acts: a person, or a service account with the person who answers for it."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def person_id(self) -> UUID: ...


@service
def record(
    kind: str, subject: Row, *, by: Actor | None, project_id: UUID | None = None, **data: Any
) -> Event:
    """Write the event ``kind`` about ``subject`` in the caller's transaction.

    ``by`` is None for the system itself. ``data`` must be JSON; raises UnknownEventType for a kind nobody lists.
    """
    version = subject.lock_version if isinstance(subject, Governed) else None
    return _write(kind, subject, version, by=by, project_id=project_id, data=data)


@service
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
    return Event.objects.create(
        kind=kind,
        object_type=subject._meta.label_lower,
        object_id=subject.pk,
        object_label=str(subject)[:300],
        lock_version=version,
        project_id=project_id,
        actor_kind=by.kind if by else "system",
        actor_id=by.id if by else None,
        actor_label=str(by)[:300] if by else "mlgov",
        person_id=by.person_id if by else None,
        request_id=request_id.get(),
        data=data,
    )


@service
def note_verification(*, ok: bool, size: int, report: dict[str, Any]) -> Verification:
    """Keep what a verification of the whole log found; ``size`` is how many sealed records it covered."""
    return Verification.objects.create(ok=ok, size=size, report=report)
