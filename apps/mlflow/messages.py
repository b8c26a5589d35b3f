"""What the calls take, named as in MLflow's protocol; an absent field has its default, one without default must come."""

import msgspec

from apps.mlflow.wire import Double, Int32, Int64


class Pair(msgspec.Struct):
    """A tag or a parameter."""

    key: str
    value: str = ""


class Point(msgspec.Struct):
    """One point of a metric; ``timestamp`` in milliseconds."""

    key: str
    value: Double
    timestamp: Int64
    step: Int64 | None = None


class ExperimentById(msgspec.Struct):
    experiment_id: str


class ExperimentByName(msgspec.Struct):
    experiment_name: str


class CreateExperiment(msgspec.Struct):
    name: str
    artifact_location: str | None = None
    tags: list[Pair] | None = None


class UpdateExperiment(msgspec.Struct):
    experiment_id: str
    new_name: str | None = None


class SearchExperiments(msgspec.Struct):
    max_results: Int64 | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] | None = None
    view_type: str | int | None = None


class ExperimentTag(msgspec.Struct):
    experiment_id: str
    key: str
    value: str = ""


class ExperimentTagKey(msgspec.Struct):
    experiment_id: str
    key: str


class RunNamed(msgspec.Struct):
    """A run by its id; ``run_uuid`` is the old name of it."""

    run_id: str | None = None
    run_uuid: str | None = None


class CreateRun(msgspec.Struct):
    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[Pair] | None = None


class ListArtifacts(RunNamed):
    path: str | None = None
    page_token: str | None = None


class UpdateRun(RunNamed):
    status: str | int | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class LogMetric(RunNamed, kw_only=True):
    key: str
    value: Double
    timestamp: Int64
    step: Int64 | None = None


class LogParameter(RunNamed, kw_only=True):
    key: str
    value: str = ""


class SetTag(RunNamed, kw_only=True):
    key: str
    value: str = ""


class DeleteTag(RunNamed, kw_only=True):
    key: str


class LogBatch(RunNamed):
    metrics: list[Point] | None = None
    params: list[Pair] | None = None
    tags: list[Pair] | None = None


class Dataset(msgspec.Struct):
    """A dataset as the client describes it; ``schema`` and ``profile`` are JSON in a text."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInput(msgspec.Struct):
    dataset: Dataset
    tags: list[Pair] | None = None


class ModelInput(msgspec.Struct):
    model_id: str


class LogInputs(RunNamed):
    datasets: list[DatasetInput] | None = None
    models: list[ModelInput] | None = None


class SearchRuns(msgspec.Struct):
    experiment_ids: list[str] | None = None
    filter: str | None = None
    run_view_type: str | int | None = None
    max_results: Int32 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class SearchModels(msgspec.Struct):
    experiment_ids: list[str] | None = None


class SearchDatasets(msgspec.Struct):
    experiment_ids: list[str] | None = None


class History(RunNamed, kw_only=True):
    metric_key: str
    page_token: str | None = None
    max_results: Int32 | None = None


class HistoryBulk(msgspec.Struct):
    """The calls of MLflow's own pages; they name runs in either way."""

    metric_key: str | None = None
    run_ids: list[str] | None = None
    run_id: list[str] | None = None
    max_results: Int32 | None = None
    start_step: Int32 | None = None
    end_step: Int32 | None = None
