"""What a worker does with samples and tables."""

from contextlib import ExitStack
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, sandbox
from apps.core.errors import Invalid, MlgovError
from apps.data.models import LeakageReport, Profile
from apps.data.queries import leakage_figures, method_of
from apps.data.scoring import steps_of
from apps.jobs.running import RunningJob
from apps.projects.models import DataSource, Project
from apps.projects.permissions import Right, can

LIMITS: dict[str, Any] = {"memory_mb": 3000, "cpu_seconds": 300, "wall_seconds": 600}


def _source(args: dict[str, Any]) -> DataSource:
    return DataSource.objects.select_related("project__policy_revision__pack").get(pk=args["source"])


def _project(args: dict[str, Any]) -> Project:
    return Project.objects.select_related("policy_revision__pack").get(pk=args["project"])


def authorise_profile(args: dict[str, Any], user: User) -> bool:
    """Whoever sent the sample must still be able to add evidence."""
    return bool(can(user, Right.CONTRIBUTE, _source(args).project))


def authorise_leakage(args: dict[str, Any], user: User) -> bool:
    """Whoever sent the tables must still be able to add evidence."""
    return bool(can(user, Right.CONTRIBUTE, _project(args)))


def profile(job: RunningJob) -> None:
    """Profile a sample in a child process and keep the report; a table that cannot be used fails with its sentence."""
    source = _source(job.args)
    part = method_of(source.project).sources
    if part is None:
        raise MlgovError(
            "The policy of this project says nothing of data sources any more.", code="no_method"
        )
    options = {"label": job.args["target"] or None, "steps": steps_of(part)}
    report = _look(job, "profile", [job.args["blob"]], options)
    with job.completing({"rows": report["rows"]}):
        made = Profile.objects.create(
            source=source,
            blob_id=job.args["blob"],
            file_name=job.args["name"],
            target=job.args["target"],
            report=report,
            job_id=job.job_id,
            requested_by=job.started_by,
        )
        audit.record(
            "data.profile_made", made, by=job.started_by, project_id=job.project_id, rows=report["rows"]
        )


def leakage(job: RunningJob) -> None:
    """Compare a train and a test table in a child process and keep the report."""
    project = _project(job.args)
    part = method_of(project).leakage
    if part is None:
        raise MlgovError("The policy of this project says nothing of leakage any more.", code="no_method")
    columns = {"label": job.args["target"], "key": job.args["key"], "time": job.args["time"]}
    options = {name: column or None for name, column in columns.items()} | {"alone": part.single_feature}
    report = _look(job, "leakage", [job.args["train"], job.args["test"]], options)
    with job.completing({"passes": report["passes"]}):
        made = LeakageReport.objects.create(
            project=project,
            train_id=job.args["train"],
            test_id=job.args["test"],
            key=job.args["key"],
            time=job.args["time"],
            target=job.args["target"],
            report=report,
            job_id=job.job_id,
            requested_by=job.started_by,
        )
        audit.record(
            "data.leakage_checked",
            made,
            by=job.started_by,
            project_id=job.project_id,
            words="nothing leaks" if report["passes"] else "something leaks",
            figures=leakage_figures(report),
        )


def _look(job: RunningJob, check: str, digests: list[str], options: dict[str, Any]) -> dict[str, Any]:
    job.progress(0.2, "reading the table")
    with ExitStack() as files:
        paths = [str(files.enter_context(blobs.local_copy(digest))) for digest in digests]
        payload = {"check": check, "paths": paths, "options": options}
        answer = sandbox.call(settings.DATA_CHECK, payload, watch=job.check, warm=True, **LIMITS)
    if "problems" in answer:
        sentences = " ".join(problem["sentence"] for problem in answer["problems"][:5])
        raise Invalid(sentences, code="bad_table", problems=answer["problems"])
    report: dict[str, Any] = answer["report"]
    return report
