"""Statements that are written out, and prepared once for each connection.

For calls that come a thousand times a second: to build a statement from a query set costs several times what PostgreSQL
needs to answer it, and so does planning one anew. Everything else asks through query sets.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connection
from django.db.models import JSONField, Model

M = TypeVar("M", bound=Model)
Given = Mapping[str, Any] | Sequence[Any]


def rows(sql: str, given: Given = ()) -> list[tuple[Any, ...]]:
    """Run a statement of this code that returns rows; errors are Django's. Outside a transaction it is one of its own."""
    if connection.queries_logged or connection.execute_wrappers:
        # Whoever counts or watches statements does so at Django's own cursor.
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return cursor.fetchall()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as prepared:
        return prepared.execute(sql, given, prepare=True).fetchall()


class Columns(Generic[M]):
    """Which columns of a model a statement reads, and how instances are made of them.

    JSON comes as text and is read into what the field would give; a column that is left out is read when asked for.
    """

    def __init__(self, model: type[M], *, only: Iterable[str] = (), without: Iterable[str] = ()) -> None:
        wanted = set(only) or {one.attname for one in model._meta.concrete_fields}
        fields = [one for one in model._meta.concrete_fields if one.attname in wanted - set(without)]
        self._model = model
        self._names = [one.attname for one in fields]
        self._columns = [one.column for one in fields]
        self._json = [place for place, one in enumerate(fields) if isinstance(one, JSONField)]

    def __len__(self) -> int:
        return len(self._names)

    def of(self, alias: str) -> str:
        """Return the part of SELECT."""
        return ", ".join(f"{alias}.{column}" for column in self._columns)

    def made(self, values: Sequence[Any]) -> M:
        """Return the instance that a row holds."""
        read = list(values)
        for place in self._json:
            if isinstance(read[place], str):
                read[place] = json.loads(read[place])
        return self._model.from_db(connection.alias, self._names, read)
