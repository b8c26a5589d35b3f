"""Optimistic updates of governed rows."""

from typing import Any, TypeVar

from django.db.models import F
from django.db.models.functions import Now

from apps.core import statements
from apps.core.errors import Conflict
from apps.core.models import Governed

G = TypeVar("G", bound=Governed)

#: One statement steps the version, and reads back what triggers made of the row.
_STEP = "lock_version = kept.lock_version + 1, updated_at = statement_timestamp() WHERE kept.id = %s AND kept.lock_version = %s"


def change(row: G, **fields: Any) -> G:
    """Write ``fields`` and step ``lock_version`` by one, if nobody else changed the row since it was read.

    Raises Conflict otherwise. The caller records the audit event in the same transaction.
    """
    if any(hasattr(value, "resolve_expression") for value in fields.values()):
        return _computed(row, **fields)
    if not statements.update(row, _STEP, [row.lock_version], **fields):
        raise conflict(row)
    return row


def _computed(row: G, **fields: Any) -> G:
    changed = (
        type(row)
        ._base_manager.filter(pk=row.pk, lock_version=row.lock_version)
        .update(**fields, lock_version=F("lock_version") + 1, updated_at=Now())
    )
    if not changed:
        raise conflict(row)
    row.refresh_from_db()
    return row


def demand_version(row: Governed | None, expected: int | None) -> None:
    """Raise Conflict when the caller saw another version of ``row`` (If-Match, or a form's hidden field).

    A row that is not there yet has the version 0.
    """
    if expected is None:
        return
    if row is None:
        if expected:
            raise Conflict(
                "There is nothing yet of which this could be a version. Read it again, then send your change.",
                code="changed_meanwhile",
                lock_version=0,
            )
    elif row.lock_version != expected:
        raise conflict(row)


def conflict(row: Governed) -> Conflict:
    """Return the error for a row that was changed meanwhile."""
    return Conflict(
        f"This {row._meta.verbose_name} was changed by someone else meanwhile. "
        "Look at what changed, then send your change again.",
        code="changed_meanwhile",
        lock_version=row.lock_version,
    )
