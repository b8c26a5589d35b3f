"""Large tables: parts of them are mapped by jobs of their own, on whatever workers there are, and reduced here.

The job that evaluates plans the parts, starts a job for each, works on them itself like any other worker, and reduces
when all are done. It never waits for a worker that is not there: with one worker it maps every part on its own.
"""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.core import blobs, sandbox
from apps.core.errors import MlgovError
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.models import Evaluation
from apps.evaluations.queries import champion_predictions
from apps.jobs import running
from apps.jobs import services as jobs
from apps.jobs.enums import JobState
from apps.jobs.models import Job
from apps.jobs.running import RunningJob
from apps.projects.permissions import Right, can

KIND = "evaluations.map_part"
LIMITS: dict[str, Any] = {"memory_mb": 6000, "cpu_seconds": 300, "wall_seconds": 600}
_WORKER = "apps.evaluations.engine.worker"
#: Seconds between two looks at parts that other workers have.
_PAUSE = 0.2
#: Sums of a part are some megabytes, and rows to compare some bytes each; more than this is not what the engine writes.
_MOST_BYTES = 2048 * 1024 * 1024


@dataclass(frozen=True)
class Plan:
    """The row groups of each part, and what every part must know of the whole table."""

    parts: list[list[int]]
    whole: dict[str, Any] = field(default_factory=dict)


def plan(evaluation: Evaluation, path: Path) -> Plan:
    """Return how a table is parted: one part where it is small, or cannot be parted."""
    predictions = evaluation.prediction_set
    columns = ColumnMap.from_json(predictions.columns)
    if predictions.row_count <= settings.EVALUATION_PART_ROWS or not columns.can_part:
        return Plan([[]])
    payload = {"path": str(path), "rows": settings.EVALUATION_PART_ROWS, "columns": predictions.columns}
    answer = sandbox.call(f"{_WORKER}:plan", payload, warm=True, **LIMITS)
    demand(answer)
    return Plan([list(part) for part in answer["parts"]], answer["whole"])


def champion_payload(evaluation: Evaluation, files: ExitStack) -> dict[str, Any] | None:
    """Return what the engine is told of the predictions to compare with: those of the version in production."""
    theirs = champion_predictions(evaluation)
    if theirs is None:
        return None
    return {
        "path": str(files.enter_context(blobs.local_copy(theirs.blob_id))),
        "columns": theirs.columns,
        "of": {"version": str(theirs.version), "dataset": theirs.dataset, "predictions": theirs.blob_id},
    }


def demand(answer: dict[str, Any]) -> None:
    """Raise MlgovError for the first problem that the engine found."""
    if "problems" in answer:
        raise MlgovError(answer["problems"][0]["sentence"], code="bad_predictions")


def in_parts(job: RunningJob, evaluation: Evaluation, planned: Plan) -> dict[str, Any]:
    """Return the engine's answer for a table in parts. Raises MlgovError when a part cannot be used or was stopped."""
    children = _children(job, evaluation, planned)
    total = len(children)
    for child in children:
        job.progress(0.1 + 0.7 * _done(children) / total, f"mapping {total} parts")
        # Whoever takes a part first has it; this worker takes those that nobody has yet.
        running.run(child, worker=f"{job.job_id}:parts")
    while (done := _done(children)) < total:
        job.progress(0.1 + 0.7 * done / total, f"{done} of {total} parts are mapped")
        for child in Job.objects.filter(pk__in=children, state=JobState.QUEUED).values_list("pk", flat=True):
            running.run(child, worker=f"{job.job_id}:parts")
        time.sleep(_PAUSE)
    job.progress(0.85, f"reducing {total} parts")
    return _reduced(job, evaluation, children)


def _children(job: RunningJob, evaluation: Evaluation, planned: Plan) -> list[Any]:
    """Return the jobs of the parts, in order; those of an earlier attempt are taken over."""
    with job.writing():
        known = Job.objects.filter(kind=KIND, args__evaluation=str(evaluation.pk)).exclude(
            state__in=(JobState.FAILED, JobState.CANCELLED, JobState.QUARANTINED)
        )
        found = {one.args["part"]: one.pk for one in known}
        for number, row_groups in enumerate(planned.parts):
            if number not in found:
                args = {
                    "evaluation": str(evaluation.pk),
                    "part": number,
                    "row_groups": row_groups,
                    "whole": planned.whole,
                }
                made = jobs.enqueue(KIND, args, by=job.started_by, project_id=job.project_id)
                found[number] = made.pk
        return [found[number] for number in range(len(planned.parts))]


def _done(children: list[Any]) -> int:
    """Return how many parts are mapped; raises MlgovError for a part that failed."""
    rows = Job.objects.filter(pk__in=children).values_list("state", "error")
    for state, error in rows:
        if state in (JobState.FAILED, JobState.CANCELLED, JobState.QUARANTINED):
            raise MlgovError(error or "A part of the table could not be mapped.", code="bad_predictions")
    return sum(state == JobState.SUCCEEDED for state, _ in rows)


def _reduced(job: RunningJob, evaluation: Evaluation, children: list[Any]) -> dict[str, Any]:
    sums = {
        pk: (result or {})["sums"]
        for pk, result in Job.objects.filter(pk__in=children).values_list("pk", "result")
    }
    with ExitStack() as files:
        paths = [str(files.enter_context(blobs.local_copy(sums[child]))) for child in children]
        payload = {
            "parts": paths,
            "columns": evaluation.prediction_set.columns,
            "config": evaluation.config,
            "champion": champion_payload(evaluation, files),
        }
        answer: dict[str, Any] = sandbox.call(
            f"{_WORKER}:reduce_parts", payload, watch=job.check, warm=True, **LIMITS
        )
        return answer


def _load(args: dict[str, Any]) -> Evaluation:
    return Evaluation.objects.select_related("version__model__project", "prediction_set", "job").get(
        pk=args["evaluation"]
    )


def authorise_map_part(args: dict[str, Any], user: User) -> bool:
    """Whoever started the evaluation must still be able to add evidence."""
    return bool(can(user, Right.CONTRIBUTE, _load(args).version.model.project))


def map_part(job: RunningJob) -> dict[str, Any]:
    """Compute the sums of one part and keep them as a file; the job's result names it."""
    evaluation = _load(job.args)
    predictions = evaluation.prediction_set

    def watch() -> None:
        job.check()
        if Evaluation.objects.filter(pk=evaluation.pk, job__cancel_requested_at__isnull=False).exists():
            raise MlgovError("The evaluation was stopped.", code="stopped")

    watch()
    with tempfile.TemporaryDirectory() as folder, blobs.local_copy(predictions.blob_id) as path:
        out = Path(folder) / "sums.npz"
        payload = {
            "path": str(path),
            "columns": predictions.columns,
            "row_groups": job.args["row_groups"],
            "out": str(out),
            "whole": job.args.get("whole"),
            "keep_rows": champion_predictions(evaluation) is not None,
        }
        job.progress(0.2, f"counting part {job.args['part'] + 1}")
        answer = sandbox.call(f"{_WORKER}:map_part", payload, watch=watch, warm=True, **LIMITS)
        demand(answer)
        with out.open("rb") as file:
            blob = blobs.store(file, max_bytes=_MOST_BYTES)
    return {"sums": blob.digest, "rows": answer["rows"]}
