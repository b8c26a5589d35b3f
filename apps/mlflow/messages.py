"""What the calls take, named as in MLflow's protocol; an absent field has its default, one without default must come."""

import msgspec

from apps.mlflow.wire import Double, Int32, Int64


class Pair(msgspec.Struct):
    """A tag or a parameter."""

    key: str
    value: str = ""


class Point(msgspec.Struct):
    """One point of a metric, and of which logged model on which data it is; ``timestamp`` in milliseconds."""

    key: str
    value: Double
    timestamp: Int64
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


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
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


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


class OrderBy(msgspec.Struct):
    """By what logged models are sorted; upwards where nothing is said. A metric may be the one on a dataset."""

    field_name: str
    ascending: bool | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class SearchModels(msgspec.Struct):
    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[dict[str, str]] | None = None
    max_results: Int32 | None = None
    order_by: list[OrderBy] | None = None
    page_token: str | None = None


class CreateLoggedModel(msgspec.Struct):
    experiment_id: str
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Pair] | None = None
    tags: list[Pair] | None = None


class LoggedModelNamed(msgspec.Struct):
    """A logged model by the id that stands in the address."""

    model_id: str = ""


class FinalizeModel(LoggedModelNamed, kw_only=True):
    status: str | int


class LoggedModelTags(LoggedModelNamed):
    tags: list[Pair] | None = None


class LoggedModelTagKey(LoggedModelNamed):
    tag_key: str = ""


class LoggedModelParams(LoggedModelNamed):
    params: list[Pair] | None = None


class ListModelFiles(LoggedModelNamed):
    artifact_directory_path: str | None = None
    page_token: str | None = None


class ModelOutput(msgspec.Struct):
    model_id: str
    step: Int64 | None = None


class LogOutputs(RunNamed):
    models: list[ModelOutput] | None = None


class LogModel(RunNamed):
    model_json: str | None = None


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


class ModelByName(msgspec.Struct):
    """A registered model by its name."""

    name: str


class CreateModel(ModelByName):
    tags: list[Pair] | None = None
    description: str | None = None


class RenameModel(ModelByName):
    new_name: str | None = None


class UpdateModel(ModelByName):
    description: str | None = None


class LatestVersions(ModelByName):
    stages: list[str] | None = None


class ModelTag(ModelByName, kw_only=True):
    key: str
    value: str = ""


class ModelTagKey(ModelByName, kw_only=True):
    key: str


class Alias(ModelByName, kw_only=True):
    alias: str


class SetAlias(Alias, kw_only=True):
    version: str


class SearchRegistry(msgspec.Struct):
    """A search of registered models or of versions."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class CreateVersion(ModelByName, kw_only=True):
    source: str
    run_id: str | None = None
    tags: list[Pair] | None = None
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class VersionByNumber(ModelByName, kw_only=True):
    """A version by its model's name and its number, which comes as a text."""

    version: str


class UpdateVersion(VersionByNumber, kw_only=True):
    description: str | None = None


class TransitionStage(VersionByNumber, kw_only=True):
    stage: str
    archive_existing_versions: bool = False


class VersionTag(VersionByNumber, kw_only=True):
    key: str
    value: str = ""


class VersionTagKey(VersionByNumber, kw_only=True):
    key: str
