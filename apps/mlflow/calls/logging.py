"""Calls by which a run logs, and by which its points are read back."""

from collections.abc import Sequence
from typing import Any

from apps.core.errors import Invalid
from apps.experiments import recording
from apps.experiments.logged import link_inputs
from apps.experiments.services import MetricPoint
from apps.mlflow import logged, pages, queries, reading
from apps.mlflow.answers import moment, point
from apps.mlflow.callers import Caller
from apps.mlflow.calls.limits import (
    INT32,
    LONGEST_KEY,
    LONGEST_NAME,
    LONGEST_PARAM,
    LONGEST_TAG,
    demand_few,
    demand_key,
    demand_sizes,
    demand_value,
    missing,
    page_size,
    params_of,
    run_id,
    tags_of,
    wrong,
)
from apps.mlflow.messages import (
    DatasetInput,
    DeleteTag,
    History,
    HistoryBulk,
    LogBatch,
    LogInputs,
    LogMetric,
    LogParameter,
    Point,
    SetTag,
)
from apps.mlflow.wire import number

MOST_HISTORY, MOST_SAMPLED, MOST_BULK_RUNS = 25_000, 2_500, 100
MOST_INPUTS = 1000
LONGEST_DIGEST, LONGEST_SOURCE, LONGEST_SCHEMA, LONGEST_PROFILE = 36, 65_535, 1_048_576, 16_777_216


def _point(given: Point | LogMetric, place: str) -> MetricPoint:
    """Return a point of a metric; ``place`` is the beginning of its parameters' names."""
    return MetricPoint(
        demand_key(given.key, f"{place}key"),
        number(given.value, parameter=f"{place}value"),
        given.step or 0,
        moment(given.timestamp, parameter=f"{place}timestamp"),
    )


def _measured(
    caller: Caller, given: Sequence[Point | LogMetric], points: Sequence[MetricPoint]
) -> list[recording.Measured]:
    """Return those of the points that say of which logged model they are; raises NotThere for one that is not there."""
    said = [(one, point) for one, point in zip(given, points, strict=True) if one.model_id]
    if not said:
        return []
    models = logged.logged_models_among(caller, (one.model_id or "" for one, _ in said))
    return [
        recording.Measured(
            point,
            model,
            demand_value(one.dataset_name or "", "dataset_name", LONGEST_NAME),
            demand_value(one.dataset_digest or "", "dataset_digest", LONGEST_DIGEST),
        )
        for (one, point), model in zip(said, models, strict=True)
    ]


def _log(caller: Caller, run: str, batch: recording.Batch) -> dict[str, Any]:
    demand_value(batch.tags.get(recording.NAME_TAG, ""), "value", LONGEST_KEY)
    key = queries.uuid_of(run)
    if key is None or not recording.log_at_once(caller.project, key, batch=batch, by=caller.user):
        recording.log_batch(queries.run_of(caller, run), batch=batch, by=caller.user)
    return {}


def log_metric(caller: Caller, form: LogMetric) -> dict[str, Any]:
    """Log one point."""
    made = [_point(form, "")]
    batch = recording.Batch(points=made, measured=_measured(caller, [form], made))
    return _log(caller, run_id(form), batch)


def log_parameter(caller: Caller, form: LogParameter) -> dict[str, Any]:
    """Log a parameter, which then keeps its value."""
    params = {demand_key(form.key): demand_value(form.value, "value", LONGEST_PARAM)}
    return _log(caller, run_id(form), recording.Batch(params=params))


def set_tag(caller: Caller, form: SetTag) -> dict[str, Any]:
    """Set a tag of a run."""
    tags = {demand_key(form.key): demand_value(form.value, "value", LONGEST_TAG)}
    return _log(caller, run_id(form), recording.Batch(tags=tags))


def delete_tag(caller: Caller, form: DeleteTag) -> dict[str, Any]:
    """Take a tag from a run."""
    recording.delete_tag(queries.run_of(caller, run_id(form)), name=form.key, by=caller.user)
    return {}


def log_batch(caller: Caller, form: LogBatch) -> dict[str, Any]:
    """Log points, parameters and tags, all or none."""
    points, params, tags = form.metrics or [], form.params or [], form.tags or []
    demand_sizes(len(points), len(params), len(tags))
    made = [_point(one, f"metrics[{place}].") for place, one in enumerate(points)]
    batch = recording.Batch(
        points=made,
        measured=_measured(caller, points, made),
        params=params_of(params),
        tags=tags_of(tags),
    )
    return _log(caller, run_id(form), batch)


def log_inputs(caller: Caller, form: LogInputs) -> dict[str, Any]:
    """Note the datasets and the logged models that a run reads."""
    given = form.datasets or []
    if len(given) > MOST_INPUTS:
        raise Invalid(f"{len(given)} datasets in one request; the limit is {MOST_INPUTS}.", code="too_many")
    inputs = [_described(one, f"datasets[{place}]") for place, one in enumerate(given)]
    run = queries.run_of(caller, run_id(form))
    read = logged.logged_models_among(caller, (one.model_id for one in form.models or ()))
    if inputs or not read:
        recording.log_inputs(run, inputs=inputs, by=caller.user)
    if read:
        link_inputs(run, models=read, by=caller.user)
    return {}


def _described(given: DatasetInput, place: str) -> recording.Described:
    dataset = given.dataset
    for value, name in ((dataset.name, "name"), (dataset.digest, "digest")):
        if not value:
            raise missing(f"{place}.dataset.{name}")
    return recording.Described(
        name=demand_value(dataset.name, f"{place}.dataset.name", LONGEST_NAME),
        digest=demand_value(dataset.digest, f"{place}.dataset.digest", LONGEST_DIGEST),
        source_type=demand_value(dataset.source_type, f"{place}.dataset.source_type", LONGEST_DIGEST),
        source=demand_value(dataset.source, f"{place}.dataset.source", LONGEST_SOURCE),
        schema=demand_value(dataset.schema or "", f"{place}.dataset.schema", LONGEST_SCHEMA),
        profile=demand_value(dataset.profile or "", f"{place}.dataset.profile", LONGEST_PROFILE),
        tags=tags_of(given.tags),
    )


def get_history(caller: Caller, form: History) -> dict[str, Any]:
    """Return a page of the points of a metric."""
    run = queries.demand_run(caller, run_id(form))
    most = page_size(form.max_results, default=MOST_HISTORY, most=MOST_HISTORY)
    start = pages.offset_of(form.page_token or "")
    points, more = reading.history(run, form.metric_key, start=start, most=most)
    document: dict[str, Any] = {"metrics": points}
    if more:
        document["next_page_token"] = pages.token_of(start + most)
    return document


def get_history_bulk(caller: Caller, form: HistoryBulk) -> dict[str, Any]:
    """Return the points of a metric of several runs, in the order of their ids."""
    given = form.run_id or form.run_ids or []
    demand_few(given, MOST_BULK_RUNS, "GetMetricHistoryBulk", "run_id")
    if form.metric_key is None:
        raise Invalid("GetMetricHistoryBulk request must specify a metric_key.", code="missing_parameter")
    most = min(page_size(form.max_results, default=MOST_HISTORY, most=INT32), MOST_HISTORY)
    found: list[dict[str, Any]] = []
    for run in queries.runs_among(caller, sorted(given)):
        points = queries.history_of(run, form.metric_key)[: most - len(found)]
        found += [{**point(one), "run_id": run.pk.hex} for one in points]
        if len(found) >= most:
            break
    return {"metrics": found}


def get_history_bulk_interval(caller: Caller, form: HistoryBulk) -> dict[str, Any]:
    """Return some points of a metric of several runs between two steps, spread over them."""
    given = form.run_ids or form.run_id or []
    if not given:
        raise missing("run_ids")
    if not form.metric_key:
        raise missing("metric_key")
    if len(given) > MOST_BULK_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {MOST_BULK_RUNS} run_ids. "
            f"Received {len(given)} run_ids.",
            code="too_many",
        )
    most = MOST_SAMPLED if form.max_results is None else form.max_results
    if not 1 <= most <= MOST_SAMPLED:
        raise wrong(most, "max_results", f"max_results must be between 1 and {MOST_SAMPLED}.")
    runs = [run.pk for run in queries.runs_among(caller, given)]
    points = queries.sampled(runs, form.metric_key, between=_interval(form), most=most)
    return {"metrics": [{**point(one), "run_id": one.run_id.hex} for one in points]}


def _interval(form: HistoryBulk) -> tuple[int, int]:
    """Return the first and the last step that are asked for; raises Invalid for one without the other."""
    first, last = form.start_step, form.end_step
    if first is None and last is None:
        return -(2**63), 2**63 - 1
    if first is None or last is None:
        raise Invalid(
            "If either start step or end step are specified, both must be specified.", code="bad_parameter"
        )
    if first > last:
        raise Invalid(
            f"end_step must be greater than start_step. Found start_step={first} and end_step={last}.",
            code="bad_parameter",
        )
    return first, last
