"""Statements that are written out, and prepared once for each connection.

For calls that come a thousand times a second: to build a statement from a query set costs several times what PostgreSQL
needs to answer it, and so does planning one anew. Everything else asks through query sets.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import JSONField, Model
from django.db.models.base import ModelState
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Now

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


def read_json(value: Any) -> Any:
    """Return what a column of JSON holds, which comes as text."""
    if not isinstance(value, str):
        return value
    return {} if value == "{}" else json.loads(value)


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
        self._json = [one.attname for one in fields if isinstance(one, JSONField)]

    def __len__(self) -> int:
        return len(self._names)

    def of(self, alias: str) -> str:
        """Return the part of SELECT."""
        return ", ".join(f'{alias}."{column}"' for column in self._columns)

    def made(self, values: Sequence[Any]) -> M:
        """Return the instance that a row holds.

        It is what ``from_db`` makes, without asking each field and sending signals, for which no model here has a use.
        """
        instance = self._model.__new__(self._model)
        held = instance.__dict__
        held.update(zip(self._names, values, strict=True))
        for name in self._json:
            held[name] = read_json(held[name])
        state = held["_state"] = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        return instance

    def read_into(self, row: M, values: Sequence[Any]) -> None:
        """Give an instance the values of a row."""
        fresh = self.made(values)
        for name in self._names:
            setattr(row, name, getattr(fresh, name))


@cache
def every_column(model: type[M]) -> Columns[M]:
    """Return all columns of a model."""
    return Columns(model)


def insert(
    row: M, *, beside: str = "", given: Sequence[Any] = (), then: str = "", given_then: Sequence[Any] = ()
) -> M:
    """Insert a new row, and read back what the database filled in. No signals are sent.

    A value may be ``Now()``. ``beside`` is a statement that is run with it, as one, and ``given`` its parameters; ``then`` is
    an expression that is evaluated once the row is there, and ``given_then`` are its own.
    """
    present = [
        field
        for field in row._meta.concrete_fields
        if not isinstance(getattr(row, field.attname), DatabaseDefault)
    ]
    now = [field for field in present if isinstance(getattr(row, field.attname), Now)]
    values = [
        field.get_db_prep_save(field.value_from_object(row), connection)
        for field in present
        if field not in now
    ]
    text = _insertion(type(row), tuple((field.column, field in now) for field in present))
    if beside:
        text = f"WITH beside AS ({beside}) {text}"
    if then:
        text = f"WITH made AS ({text}) SELECT made.*, {then} FROM made"  # noqa: S608 - written in this code
    columns = every_column(type(row))
    columns.read_into(row, rows(text, [*given, *values, *given_then])[0][: len(columns)])
    row._state.adding, row._state.db = False, connection.alias
    return row


@cache
def _insertion(model: type[Model], present: tuple[tuple[str, bool], ...]) -> str:
    marks = ", ".join("statement_timestamp()" if is_now else "%s" for _, is_now in present)
    names = ", ".join(f'"{column}"' for column, _ in present)
    whole = every_column(model).of("made")
    return f"INSERT INTO {model._meta.db_table} AS made ({names}) VALUES ({marks}) RETURNING {whole}"  # noqa: S608


def update(row: M, ending: str, given: Sequence[Any], /, **fields: Any) -> bool:
    """Set fields of a row to values; tell whether it was there, and read it anew.

    ``ending`` is what follows the fields in the statement: further columns, then WHERE; the row is called ``kept`` there,
    and its key is the first of the parameters, before ``given``.
    """
    named = [row._meta.get_field(name) for name in fields]
    values = [
        field.get_db_prep_save(getattr(value, "pk", value) if field.is_relation else value, connection)  # type: ignore[union-attr]
        for field, value in zip(named, fields.values(), strict=True)
    ]
    text = _updating(type(row), tuple(field.column for field in named), ending)  # type: ignore[union-attr]
    found = rows(text, [*values, row.pk, *given])
    if not found:
        return False
    every_column(type(row)).read_into(row, found[0])
    relations: list[Any] = [field for field in row._meta.concrete_fields if field.is_relation]
    for relation in relations:
        # What it had read of others may have changed with it, as after `refresh_from_db`.
        if relation.is_cached(row):
            relation.delete_cached_value(row)
    return True


@cache
def _updating(model: type[Model], columns: tuple[str, ...], ending: str) -> str:
    sets = "".join(f'"{column}" = %s, ' for column in columns)
    return (
        f"UPDATE {model._meta.db_table} AS kept SET {sets}{ending} RETURNING {every_column(model).of('kept')}"  # noqa: S608
    )
