"""What a worker does to evaluate."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, governed, sandbox
from apps.core.canonical import digest
from apps.core.errors import MlgovError
from apps.evaluations import parts
from apps.evaluations.enums import EVALUATION_MOVES, EvaluationState
from apps.evaluations.models import Evaluation
from apps.evaluations.printing import content_of, document_of
from apps.jobs import printouts
from apps.jobs import services as jobs
from apps.jobs.models import Printout
from apps.jobs.running import RunningJob
from apps.projects.permissions import Right, can


def _load(args: dict[str, Any]) -> Evaluation:
    return Evaluation.objects.select_related("version__model__project", "prediction_set").get(
        pk=args["evaluation"]
    )


def authorise_evaluate(args: dict[str, Any], user: User) -> bool:
    """Whoever started it must still be able to add evidence."""
    return bool(can(user, Right.CONTRIBUTE, _load(args).version.model.project))


def evaluate(job: RunningJob) -> None:
    """Compute the report in a child process and keep it; a table that cannot be used fails with its sentence."""
    evaluation = _load(job.args)
    if evaluation.state == EvaluationState.COMPLETE:
        return
    if evaluation.state == EvaluationState.FAILED:
        with job.writing():
            _move(evaluation, EvaluationState.QUEUED, error="")
            audit.record(
                "evaluations.evaluation_requested", evaluation, by=job.started_by, project_id=job.project_id
            )
    job.progress(0.1, "reading the predictions")
    try:
        with ExitStack() as files:
            payload = _payload(evaluation, files)
            planned = parts.plan(evaluation, Path(payload["path"]))
            if len(planned.parts) > 1:
                answer = parts.in_parts(job, evaluation, planned)
            else:
                job.progress(0.3, "computing metrics, intervals, slices and fairness")
                answer = sandbox.call(
                    "apps.evaluations.engine.worker:evaluate",
                    payload,
                    watch=job.check,
                    warm=True,
                    **parts.LIMITS,
                )
        parts.demand(answer)
    except MlgovError as error:
        _fail(job, evaluation, error.sentence)
        raise
    report = answer["report"]
    with job.completing({"report_digest": digest(report)}):
        _move(
            evaluation,
            EvaluationState.COMPLETE,
            report=report,
            report_digest=digest(report),
            engine_version=report["engine_version"],
            completed_at=Now(),
        )
        audit.record(
            "evaluations.evaluation_completed",
            evaluation,
            by=job.started_by,
            project_id=job.project_id,
            report_digest=evaluation.report_digest,
        )
        for kind in settings.EVALUATION_JOBS:
            args = {"version": str(evaluation.version_id)}
            jobs.enqueue(kind, args, by=job.started_by, project_id=job.project_id)


def _payload(evaluation: Evaluation, files: ExitStack) -> dict[str, Any]:
    """Return what the engine is asked: the predictions, and those of the version in production to compare with."""
    own = evaluation.prediction_set
    payload = {
        "path": str(files.enter_context(blobs.local_copy(own.blob_id))),
        "columns": own.columns,
        "config": evaluation.config,
    }
    return payload | {"champion": parts.champion_payload(evaluation, files)}


def _fail(job: RunningJob, evaluation: Evaluation, sentence: str) -> None:
    with job.writing():
        _move(evaluation, EvaluationState.FAILED, error=sentence)
        audit.record(
            "evaluations.evaluation_failed",
            evaluation,
            by=job.started_by,
            project_id=job.project_id,
            error=sentence,
        )


def _move(evaluation: Evaluation, state: EvaluationState, **fields: Any) -> None:
    assert state in EVALUATION_MOVES[evaluation.state]
    governed.change(evaluation, state=state, **fields)


def _printed(args: dict[str, Any]) -> Evaluation:
    printout = Printout.objects.get(pk=args["printout"])
    return Evaluation.objects.select_related(
        "version__model__project", "prediction_set", "requested_by__owner"
    ).get(pk=printout.subject)


def authorise_render_pdf(args: dict[str, Any], user: User) -> bool:
    """Whoever started it must still be able to read the evaluation."""
    return bool(can(user, Right.READ, _printed(args).version.model.project))


def render_pdf(job: RunningJob) -> None:
    """Make the validation report of a complete evaluation."""
    printout = printouts.begun(job)
    evaluation = _printed(job.args)
    printouts.demand_same(printout, digest(content_of(evaluation)))
    document = document_of(evaluation, proof=printouts.proof_of(printout))
    reason = f"Validation report {printout.content_digest}"
    printouts.finish(job, printout, document, reason=reason, of=str(evaluation))
