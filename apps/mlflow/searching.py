"""Searches as SQL: a filter's tree and an order become one statement whose every value is a parameter.

What a name stands for is one of the expressions written here; names of metrics, parameters and tags are parameters of the
statement like any other text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from apps.core.errors import Invalid
from apps.core.statements import rows
from apps.experiments.lifecycle import DEFAULT_NAME
from apps.mlflow.filters import (
    ATTRIBUTE,
    DATASET,
    METRIC,
    PARAM,
    BadFilter,
    Comparison,
    Grammar,
    Key,
    Ordering,
    parse_filter,
    parse_order,
)
from apps.mlflow.pages import offset_of, token_of

T = TypeVar("T")
_EXPERIMENT_ID = "CASE WHEN e.is_default THEN '0' ELSE e.number::text END"
_RUN_ID = "replace(r.id::text, '-', '')"
_TIMES: Mapping[str, str] = {
    "start_time": "floor(extract(epoch FROM r.started_at) * 1000)::float8",
    "end_time": "floor(extract(epoch FROM r.ended_at) * 1000)::float8",
}
#: Operators that are one template for text; a pattern has no escape character, so that no pattern is an error.
_TEXT_OPERATORS = {
    "=": "{0} = %s",
    "!=": "{0} <> %s",
    "LIKE": "{0} LIKE %s ESCAPE ''",
    "ILIKE": "{0} ILIKE %s ESCAPE ''",
    "IN": "{0} = ANY(%s)",
    "NOT IN": "{0} <> ALL(%s)",
    "IS NULL": "{0} IS NULL",
    "IS NOT NULL": "{0} IS NOT NULL",
}
_NUMBER_OPERATORS = {"=": "=", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_DATASET_COLUMNS = {"name": "i.name", "digest": "i.digest", "context": "i.tags ->> 'mlflow.data.context'"}


@dataclass(frozen=True)
class Table:
    """What is searched: the rows, what its attributes are, and by what ties end."""

    rows: str
    key: str
    attributes: Mapping[str, str]
    numbers: frozenset[str]
    tags: str
    params: str
    default_order: str
    ties: str
    #: Points of metrics by the name of a metric: where they are, and which one is *the* value. Empty for what has none.
    metrics: str = ""
    latest: str = ""
    #: Where a name of a metric has one point of each row: that point, for rows that have it.
    single: str = ""
    #: Whether one plan is good for all values, so that the statement is prepared. Of many runs or points it is not.
    is_small: bool = False


RUNS = Table(
    rows="experiments_run r JOIN experiments_experiment e ON e.id = r.experiment_id "
    "JOIN accounts_user u ON u.id = r.started_by_id",
    key="r.id",
    attributes={
        "run_id": _RUN_ID,
        "run_name": "r.name",
        "status": "CASE r.state WHEN 'pending' THEN 'SCHEDULED' ELSE upper(r.state) END",
        "artifact_uri": f"'mlflow-artifacts:/' || {_EXPERIMENT_ID} || '/' || {_RUN_ID} || '/artifacts'",
        "user_id": "coalesce(nullif(r.tags ->> 'mlflow.user', ''), u.full_name)",
        **_TIMES,
    },
    numbers=frozenset(_TIMES),
    tags="r.tags",
    params="r.params",
    default_order="r.started_at DESC",
    ties="r.started_at DESC, r.id",
    latest="LEFT JOIN experiments_runmetric {0} ON {0}.run_id = r.id AND {0}.name = %s",
    # By the experiment too, whose index has the points of a metric in the order of their values.
    single="JOIN experiments_runmetric {0} ON {0}.run_id = r.id AND {0}.experiment_id = r.experiment_id AND {0}.name = %s",
)
#: The default experiment counts as there before its first use, with the project's key for its own.
_UNUSED_DEFAULT = (
    f"SELECT p.id, p.id, 0, '{DEFAULT_NAME}', true, '{{}}'::jsonb, p.created_at, p.created_at, NULL "  # noqa: S608
    "FROM projects_project p "
    "WHERE NOT EXISTS (SELECT 1 FROM experiments_experiment d WHERE d.project_id = p.id AND d.is_default)"
)
EXPERIMENTS = Table(
    rows="(SELECT id, project_id, number, name, is_default, tags, created_at, updated_at, deleted_at "  # noqa: S608
    f"FROM experiments_experiment UNION ALL {_UNUSED_DEFAULT}) e",
    key="e.id",
    attributes={
        "name": "e.name",
        "experiment_id": _EXPERIMENT_ID,
        "creation_time": "floor(extract(epoch FROM e.created_at) * 1000)::float8",
        "last_update_time": "floor(extract(epoch FROM e.updated_at) * 1000)::float8",
    },
    numbers=frozenset({"creation_time", "last_update_time"}),
    tags="e.tags",
    params="e.tags",
    default_order="e.created_at DESC",
    ties="e.number",
)
MODELS = Table(
    rows="registry_model m",
    key="m.id",
    attributes={
        "name": "m.name",
        "creation_timestamp": "floor(extract(epoch FROM m.created_at) * 1000)::float8",
        # A version that comes is a change of its model.
        "last_updated_timestamp": "floor(extract(epoch FROM greatest(m.updated_at, (SELECT max(v.created_at) "
        "FROM registry_version v WHERE v.model_id = m.id AND v.deleted_at IS NULL))) * 1000)::float8",
    },
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    tags="m.tags",
    params="m.tags",
    default_order="m.name",
    ties="m.name, m.id",
    is_small=True,
)
VERSIONS = Table(
    rows="registry_version v JOIN registry_model m ON m.id = v.model_id",
    key="v.id",
    attributes={
        "name": "m.name",
        "run_id": "coalesce(replace(v.run_id::text, '-', ''), '')",
        "source_path": "v.source",
        "version_number": "v.number::float8",
        "creation_timestamp": "floor(extract(epoch FROM v.created_at) * 1000)::float8",
        "last_updated_timestamp": "floor(extract(epoch FROM v.updated_at) * 1000)::float8",
    },
    numbers=frozenset({"version_number", "creation_timestamp", "last_updated_timestamp"}),
    tags="v.tags",
    params="v.tags",
    # By milliseconds, as clients read the time.
    default_order="date_trunc('milliseconds', v.updated_at) DESC",
    ties="m.name, v.number DESC, v.id",
    is_small=True,
)
LOGGED = Table(
    rows="experiments_loggedmodel l JOIN experiments_experiment e ON e.id = l.experiment_id",
    key="l.id",
    attributes={
        "name": "l.name",
        "model_id": "'m-' || replace(l.id::text, '-', '')",
        "model_type": "l.model_type",
        "status": "upper(l.state)",
        "source_run_id": "coalesce(replace(l.run_id::text, '-', ''), '')",
        "creation_timestamp": "floor(extract(epoch FROM l.created_at) * 1000)::float8",
        "last_updated_timestamp": "floor(extract(epoch FROM l.updated_at) * 1000)::float8",
    },
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    tags="l.tags",
    params="l.params",
    default_order="l.created_at DESC",
    ties="l.created_at DESC, l.id DESC",
    metrics="experiments_modelmetric m WHERE m.model_id = l.id AND m.name = %s",
    latest="LEFT JOIN LATERAL (SELECT m.value FROM experiments_modelmetric m WHERE m.model_id = l.id AND m.name = %s{1} "
    "ORDER BY m.at DESC, m.step DESC, m.id DESC LIMIT 1) {0} ON true",
)
_OF_DATASET = "(m.dataset_name = %s AND (%s::text IS NULL OR m.dataset_digest = %s))"
#: The client leaves prompts out by ``!= 'true'``, which must hold for what has no such tag.
_PROMPT_TAG = "mlflow.prompt.is_prompt"


@dataclass
class _Statement:
    """Parts of a statement, each with its parameters in the order in which they stand in it."""

    table: Table
    joins: list[str] = field(default_factory=list)
    joined: list[Any] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    ordered: list[Any] = field(default_factory=list)
    measured_on: str = ""
    datasets: list[Any] = field(default_factory=list)
    #: Names of the joins that have a metric's value, by the metric and its dataset, and of which metrics it is there and a
    #: number.
    values: dict[tuple[str, ...], str] = field(default_factory=dict)
    bounded: set[str] = field(default_factory=set)

    def where(self, condition: str, *given: Any) -> None:
        self.conditions.append(condition)
        self.given += given

    def text(self, key: Key) -> tuple[str, list[Any]]:
        """Return the expression of what holds text, and its parameters."""
        if key.kind == ATTRIBUTE:
            return self.table.attributes[key.name], []
        column = self.table.params if key.kind == PARAM else self.table.tags
        if key.name == _PROMPT_TAG:
            return f"coalesce({column} ->> %s, 'false')", [key.name]
        return f"({column} ->> %s)", [key.name]

    def compare(self, one: Comparison) -> None:
        """Add the condition of a comparison."""
        if one.key.kind == METRIC:
            self._compare_metric(one)
        elif one.key.kind == ATTRIBUTE and one.key.name in self.table.numbers:
            self.where(
                f"{self.table.attributes[one.key.name]} {_NUMBER_OPERATORS[one.operator]} %s", one.value
            )
        elif one.key.kind == DATASET:
            condition = _TEXT_OPERATORS[one.operator].format(_DATASET_COLUMNS[one.key.name])
            self.where(
                f"EXISTS (SELECT 1 FROM experiments_runinput i WHERE i.run_id = r.id AND {condition})",  # noqa: S608
                *_values(one),
            )
        else:
            expression, names = self.text(one.key)
            self.where(_TEXT_OPERATORS[one.operator].format(expression), *names, *_values(one))

    def _compare_metric(self, one: Comparison) -> None:
        name, operator = one.key.name, _NUMBER_OPERATORS[one.operator]
        is_bound = one.operator != "!="
        if self.table.single:
            point = self._value_of(name, self.table.single)
            self.where(f"{point}.value {operator} %s", one.value)
            if is_bound:
                self.where(f"{point}.value <> 'NaN'")
                self.bounded.add(name)
            return
        nan = " AND m.value <> 'NaN'" if is_bound else ""
        self.where(
            f"EXISTS (SELECT 1 FROM {self.table.metrics} AND m.value {operator} %s{nan}{self.measured_on})",  # noqa: S608
            name,
            one.value,
            *self.datasets,
        )

    def _value_of(self, metric: str, template: str, *, dataset: str = "", digest: str = "") -> str:
        """Return the name of the join that has the value of a metric, and make it where it is not yet."""
        key = (metric, dataset, digest)
        if key not in self.values:
            self.values[key] = f"s{len(self.joins)}"
            on = (" AND m.dataset_name = %s" if dataset else "") + (
                " AND m.dataset_digest = %s" if digest else ""
            )
            self.joins.append(template.format(self.values[key], on))
            self.joined += [one for one in key if one]
        return self.values[key]

    def sort(self, one: Ordering) -> None:
        """Add what is sorted by; numbers first, then NaN, then what has no value, whichever way it goes.

        Comparisons come before: a metric that one of them bounds is there and a number, and an index has it in order.
        """
        way = "DESC" if one.descending else "ASC"
        if one.key.kind == METRIC:
            point = self._value_of(one.key.name, self.table.latest, dataset=one.dataset, digest=one.digest)
            if one.key.name not in self.bounded:
                self.order.append(
                    f"CASE WHEN {point}.value IS NULL THEN 2 WHEN {point}.value = 'NaN' THEN 1 ELSE 0 END"
                )
            self.order.append(f"{point}.value {way}")
            return
        expression, names = self.text(one.key)
        self.order.append(f"{expression} {way} NULLS LAST")
        self.ordered += names

    def page(self, limit: int, offset: int) -> tuple[str, list[Any]]:
        """Return the statement of one page of keys, and its parameters."""
        order = ", ".join([*(self.order or [self.table.default_order]), self.table.ties])
        where = " AND ".join(self.conditions)
        text = (
            f"SELECT {self.table.key} FROM {self.table.rows} {' '.join(self.joins)} "  # noqa: S608 - written here
            f"WHERE {where} ORDER BY {order} LIMIT %s OFFSET %s"
        )
        return text, [*self.joined, *self.given, *self.ordered, limit, offset]


def _values(one: Comparison) -> list[Any]:
    if one.value is None:
        return []
    return [list(one.value)] if isinstance(one.value, tuple) else [one.value]


@dataclass(frozen=True)
class Search:
    """What is asked for; ``deleted`` is None for both, and ``after`` the token of the page before."""

    comparisons: Sequence[Comparison] = ()
    order: Sequence[Ordering] = ()
    deleted: bool | None = False
    most: int = 1000
    after: str = ""
    #: Names of datasets with their digests, or None for any; on one of them a logged model must have been measured.
    datasets: Sequence[tuple[str, str | None]] = ()


def parsed(
    text: str | None, clauses: Iterable[str] | None, grammar: Grammar
) -> tuple[tuple[Comparison, ...], tuple[Ordering, ...]]:
    """Return what a filter and an order ask for; raises Invalid."""
    try:
        return parse_filter(text or "", grammar), parse_order(clauses or (), grammar)
    except BadFilter as error:
        raise Invalid(str(error), code="bad_filter") from None


def search_runs(experiments: Iterable[UUID], wanted: Search) -> tuple[list[UUID], str]:
    """Return the ids of a page of the runs of these experiments, in order, and the token of the next page."""
    statement = _Statement(RUNS)
    keys = list(experiments)
    if len(keys) == 1:
        # Only of one experiment does the planner see that an index has its runs in order.
        statement.where("r.experiment_id = %s", keys[0])
    else:
        statement.where("r.experiment_id = ANY(%s)", keys)
    if wanted.deleted is not None:
        gone = "(r.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL)"
        statement.where(gone if wanted.deleted else f"NOT {gone}")
    return _page(statement, wanted)


def search_experiments(project: UUID, wanted: Search) -> tuple[list[UUID], str]:
    """Return the ids of a page of a project's experiments, in order, and the token of the next page."""
    statement = _Statement(EXPERIMENTS)
    statement.where("e.project_id = %s", project)
    if wanted.deleted is not None:
        statement.where(f"e.deleted_at IS {'NOT ' if wanted.deleted else ''}NULL")
    return _page(statement, wanted)


def search_models(project: UUID, wanted: Search) -> tuple[list[UUID], str]:
    """Return the ids of a page of a project's models, in order, and the token of the next page."""
    statement = _Statement(MODELS)
    statement.where("m.project_id = %s AND m.deleted_at IS NULL", project)
    return _page(statement, wanted)


def page_of_versions(project: UUID, wanted: Search) -> tuple[str, list[Any]]:
    """Return the statement of the ids of the versions of a project's models, in order, and its parameters.

    Its rows are for ``cut``: they are one more than are wanted where a page follows.
    """
    statement = _Statement(VERSIONS)
    statement.where("m.project_id = %s AND m.deleted_at IS NULL AND v.deleted_at IS NULL", project)
    return _said(statement, wanted)


def search_logged_models(experiments: Iterable[UUID], wanted: Search) -> tuple[list[UUID], str]:
    """Return the ids of a page of the logged models of these experiments, in order, and the token of the next page."""
    statement = _Statement(LOGGED)
    statement.where("l.experiment_id = ANY(%s)", list(experiments))
    statement.where("l.deleted_at IS NULL AND e.deleted_at IS NULL")
    if wanted.datasets:
        statement.measured_on = f" AND ({' OR '.join([_OF_DATASET] * len(wanted.datasets))})"
        statement.datasets = [one for name, digest in wanted.datasets for one in (name, digest, digest)]
        if not any(one.key.kind == METRIC for one in wanted.comparisons):
            any_point = "EXISTS (SELECT 1 FROM experiments_modelmetric m WHERE m.model_id = l.id"
            statement.where(f"{any_point}{statement.measured_on})", *statement.datasets)
    return _page(statement, wanted)


def _page(statement: _Statement, wanted: Search) -> tuple[list[UUID], str]:
    text, given = _said(statement, wanted)
    found = (rows if statement.table.is_small else _planned_anew)(text, given)
    return cut([pk for (pk,) in found], wanted)


def _said(statement: _Statement, wanted: Search) -> tuple[str, list[Any]]:
    for comparison in wanted.comparisons:
        statement.compare(comparison)
    for ordering in wanted.order:
        statement.sort(ordering)
    return statement.page(wanted.most + 1, offset_of(wanted.after))


def cut(found: list[T], wanted: Search) -> tuple[list[T], str]:
    """Return a page of what was found for it, and the token of the next page."""
    more = len(found) > wanted.most
    return found[: wanted.most], token_of(offset_of(wanted.after) + wanted.most) if more else ""


def _planned_anew(text: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, given)
        return cursor.fetchall()
