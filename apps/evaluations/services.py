"""What is done with predictions: upload them, and ask for an evaluation."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, sandbox
from apps.core.canonical import digest
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.core.models import Blob
from apps.evaluations.engine.columns import ColumnMap, ColumnsInvalid
from apps.evaluations.engine.config import Config
from apps.evaluations.enums import EvaluationState
from apps.evaluations.models import Evaluation, PredictionSet
from apps.evaluations.printing import content_of
from apps.evaluations.queries import PRINT
from apps.jobs import printouts
from apps.jobs import services as jobs
from apps.jobs.models import Printout
from apps.projects.enums import DataRole
from apps.projects.permissions import Right, can
from apps.registry.models import Version

INSPECTION_LIMITS: dict[str, Any] = {"memory_mb": 3000, "cpu_seconds": 60, "wall_seconds": 90}


def upload_predictions(
    version: Version,
    *,
    stream: blobs.Content,
    columns: ColumnMap,
    dataset: str,
    by: User,
    split: str = DataRole.HOLDOUT,
    name: str = "",
) -> PredictionSet:
    """Keep a table of predictions after looking at every row of it, in a child process with limits.

    Raises Invalid with all problems of the file; then nothing is kept but the event of the refusal. Not one
    transaction on purpose: the inspection may take a minute, and must hold no lock.
    """
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    if split not in DataRole.values:
        raise Invalid(f"A split is one of {', '.join(DataRole.values)}, not “{split}”.", code="unknown_split")
    try:
        columns.demand_complete()
    except ColumnsInvalid as error:
        raise Invalid(str(error), code=error.code) from error
    blob = blobs.kept(stream, max_bytes=settings.MAX_UPLOAD_BYTES)
    found = _inspect(blob, columns, name)
    if not found["ok"]:
        _note_refusal(version, found["problems"], by=by)
        first = found["problems"][0]["sentence"]
        more = len(found["problems"]) - 1
        raise Invalid(
            first + (f" And {more} more problem(s)." if more else ""),
            code="bad_predictions",
            problems=found["problems"],
        )
    return _keep(version, blob, columns, found, dataset=dataset, split=split, by=by)


def _inspect(blob: Blob, columns: ColumnMap, name: str) -> dict[str, Any]:
    with blobs.local_copy(blob.digest) as path:
        payload = {"path": str(path), "columns": columns.to_json(), "name": name}
        try:
            return sandbox.call(
                "apps.evaluations.engine.worker:inspect", payload, warm=True, **INSPECTION_LIMITS
            )
        except sandbox.SandboxFailed as error:
            sentence = f"The file could not be read: {error.sentence}"
            return {
                "ok": False,
                "problems": [{"code": error.code, "column": None, "rows": [], "sentence": sentence}],
            }


@service
def _note_refusal(version: Version, problems: list[dict[str, Any]], *, by: User) -> None:
    codes = ", ".join(sorted({problem["code"] for problem in problems}))
    audit.record(
        "evaluations.predictions_refused", version, by=by, project_id=version.model.project_id, codes=codes
    )


@service
def _keep(
    version: Version,
    blob: Blob,
    columns: ColumnMap,
    found: dict[str, Any],
    *,
    dataset: str,
    split: str,
    by: User,
) -> PredictionSet:
    predictions = PredictionSet.objects.create(
        version=version,
        blob=blob,
        dataset=dataset.strip()[:120] or "predictions",
        split=split,
        columns=columns.to_json(),
        row_count=found["row_count"],
        warnings=found["warnings"],
        uploaded_by=by,
    )
    audit.record(
        "evaluations.predictions_uploaded",
        predictions,
        by=by,
        project_id=version.model.project_id,
        version=str(version),
        dataset=predictions.dataset,
        row_count=predictions.row_count,
        digest=blob.digest,
    )
    return predictions


@service
def request_evaluation(
    predictions: PredictionSet, *, by: User, config: dict[str, Any] | None = None
) -> Evaluation:
    """Start an evaluation; a worker computes it."""
    version = predictions.version
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    try:
        Config.from_json(config or {})
    except (TypeError, ValueError) as error:
        raise Invalid(str(error), code="bad_config") from error
    evaluation = Evaluation(prediction_set=predictions, version=version, config=config or {}, requested_by=by)
    evaluation.job = _enqueue(evaluation, by=by)
    evaluation.save(force_insert=True)
    audit.record("evaluations.evaluation_requested", evaluation, by=by, project_id=version.model.project_id)
    return evaluation


@service
def retry_evaluation(evaluation: Evaluation, *, by: User) -> Evaluation:
    """Start an evaluation that failed or was stopped anew, as a new one on the same predictions."""
    can(by, Right.CONTRIBUTE, evaluation.version.model.project).enforce()
    stopped = evaluation.job is not None and evaluation.job.is_finished
    if evaluation.state == EvaluationState.COMPLETE or not stopped:
        not_now("Only an evaluation that failed or was stopped can be started again.").enforce()
    return request_evaluation(evaluation.prediction_set, by=by, config=evaluation.config)


@service
def request_pdf(evaluation: Evaluation, *, by: User) -> Printout:
    """Let a worker make the validation report of a complete evaluation; the same content is made once."""
    project = evaluation.version.model.project
    can(by, Right.READ, project).enforce()
    if evaluation.report is None:
        not_now("There is no report yet. Wait for the evaluation to be complete, then ask again.").enforce()
    return printouts.order(
        PRINT,
        evaluation,
        content_digest=digest(content_of(evaluation)),
        by=by,
        project_id=project.pk,
        url=reverse("evaluations:evaluation", args=[evaluation.pk]),
    )


def _enqueue(evaluation: Evaluation, *, by: User) -> Any:
    return jobs.enqueue(
        "evaluations.evaluate",
        {"evaluation": str(evaluation.pk)},
        by=by,
        project_id=evaluation.version.model.project_id,
        subject_url=reverse("evaluations:evaluation", args=[evaluation.pk]),
    )
