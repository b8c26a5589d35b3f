"""Write events. There is no other verb here: the log only grows."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb

from apps.audit.events import event_type
from apps.audit.models import Event, Verification
from apps.core import statements
from apps.core.canonical import canonical_json
from apps.core.db import joining, service
from apps.core.middleware import request_id
from apps.core.models import Governed, Row
from apps.core.statements import Columns, every_column

R = TypeVar("R", bound=Row)
G = TypeVar("G", bound=Governed)
_EVENT = Columns(Event)
_COLUMNS = """kind, object_type, object_id, object_label, lock_version, project_id, actor_kind, actor_id, actor_label, person_id,
    request_id"""
#: Each change of a governed row writes one, so that it is prepared; what the trigger fills in comes back.
_BARE_INSERT = f"""
INSERT INTO audit_event AS event ({_COLUMNS}, data) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608 - written here
_INSERT = f"{_BARE_INSERT} RETURNING {_EVENT.of('event')}"
_INSERT_EACH = f"""
INSERT INTO audit_event ({_COLUMNS}, data) SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, one.data
FROM unnest(%s::jsonb[]) WITH ORDINALITY AS one (data, place) ORDER BY one.place RETURNING 1
"""  # noqa: S608 - written here
#: After a statement called ``changed``, which returns one row of a table and its label.
_INSERT_CHANGED = f"""
INSERT INTO audit_event ({_COLUMNS}, data)
SELECT %(kind)s, %(object_type)s, changed.id, left(changed.label, 300), changed.lock_version, changed.project_id, %(actor_kind)s,
    %(actor_id)s::uuid, %(actor_label)s, %(person_id)s::uuid, %(request_id)s, %(data)s::jsonb FROM changed
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


def record_each(
    kind: str,
    subject: Row,
    each: Iterable[dict[str, Any]],
    *,
    by: Actor | None,
    project_id: UUID | None = None,
    beside: str = "",
    given: Sequence[Any] = (),
) -> None:
    """Write an event of one kind about ``subject`` for each of these data, in this order; without any, nothing is done.

    ``beside`` is the statement that does what they say, run with it as one, and ``given`` its parameters.
    """
    version = subject.lock_version if isinstance(subject, Governed) else None
    data = [Jsonb(_demand_json(kind, one)) for one in each]
    if data:
        said = _said(kind, subject, version, by=by, project_id=project_id)
        _insert_each(beside, [*given, *said, data])


def insert_recorded(row: R, kind: str, *, by: Actor | None, project_id: UUID | None = None, **data: Any) -> R:
    """Insert a new row with its event, in one statement; read back what the database filled in."""
    version = row.lock_version if isinstance(row, Governed) else None
    said = _said(kind, row, version, by=by, project_id=project_id)
    return statements.insert(row, beside=_BARE_INSERT, given=[*said, Jsonb(_demand_json(kind, data))])


def changed_recorded(
    statement: str, given: dict[str, Any], kind: str, model: type[G], *, by: Actor, **data: Any
) -> G | None:
    """Change or insert one governed row and write its event, in one statement; return it, or None where there was none.

    ``statement`` returns the row's columns and its label; ``given`` are its parameters.
    """
    said = {
        "kind": kind,
        "object_type": model._meta.label_lower,
        **_actor(by),
        "request_id": request_id.get(),
        "data": Jsonb(_demand_json(kind, data)),
    }
    columns = every_column(model)
    text = f"WITH changed AS ({statement}), noted AS ({_INSERT_CHANGED}) SELECT {columns.of('changed')} FROM changed"  # noqa: S608
    return next((columns.made(one) for one in statements.rows(text, given | said)), None)


def _write(
    kind: str,
    subject: Row,
    version: int | None,
    *,
    by: Actor | None,
    project_id: UUID | None,
    data: dict[str, Any],
) -> Event:
    said = _said(kind, subject, version, by=by, project_id=project_id)
    return _insert([*said, Jsonb(_demand_json(kind, data))])


def _demand_json(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    event_type(kind)
    canonical_json(data)
    return data


def _said(
    kind: str, subject: Row, version: int | None, *, by: Actor | None, project_id: UUID | None
) -> list[Any]:
    """Return the columns of an event but its data, in their order."""
    about = [kind, subject._meta.label_lower, subject.pk, str(subject)[:300], version, project_id]
    return [*about, *_actor(by).values(), request_id.get()]


def _actor(by: Actor | None) -> dict[str, Any]:
    return {
        "actor_kind": by.kind if by else "system",
        "actor_id": by.id if by else None,
        "actor_label": str(by)[:300] if by else "mlgov",
        "person_id": by.person_id if by else None,
    }


@joining
def _insert(values: list[Any]) -> Event:
    return _EVENT.made(statements.rows(_INSERT, values)[0])


@joining
def _insert_each(beside: str, values: list[Any]) -> None:
    statements.rows(f"WITH beside AS ({beside}) {_INSERT_EACH}" if beside else _INSERT_EACH, values)


@service
def note_verification(*, ok: bool, size: int, report: dict[str, Any]) -> Verification:
    """Keep what a verification of the whole log found; ``size`` is how many sealed records it covered."""
    return Verification.objects.create(ok=ok, size=size, report=report)
