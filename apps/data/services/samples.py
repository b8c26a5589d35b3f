"""Score data sources, and send tables to be looked at."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs
from apps.core.db import service
from apps.core.errors import Invalid
from apps.data.models import DIMENSIONS, Assessment, Profile
from apps.data.queries import method_of
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.projects import services as projects
from apps.projects.models import DataSource, Project
from apps.projects.permissions import Right, can


@service
def assess(
    project: Project,
    *,
    name: str,
    scores: dict[str, int],
    by: User,
    description: str = "",
    note: str = "",
    profile: Profile | None = None,
) -> DataSource:
    """Score a source on six dimensions of 0–5 (M2.1), and keep the assessment; a new name begins a source.

    Where a profile proposed another score, the assessment needs a note that says why. Raises Invalid.
    """
    source = projects.assess_data_source(project, name=name, scores=scores, by=by, description=description)
    if profile is not None and profile.source_id != source.pk:
        raise Invalid("The profile is one of another data source.", code="foreign_profile")
    proposed = {key: one["score"] for key, one in profile.report["proposals"].items()} if profile else {}
    differs = sorted(key for key, score in proposed.items() if scores[key] != score)
    if differs and not note.strip():
        raise Invalid(
            f"The profile proposes another score for {', '.join(differs)}. Take it over, or say in the note why not.",
            code="note_needed",
            field="note",
        )
    made = Assessment.objects.create(
        source=source, note=note.strip(), profile=profile, proposed=proposed, assessed_by=by, **scores
    )
    audit.record(
        "data.source_scored",
        made,
        by=by,
        project_id=project.pk,
        scores={key: scores[key] for key in DIMENSIONS},
        proposed=proposed,
    )
    return source


def request_profile(
    source: DataSource, *, stream: blobs.Readable, by: User, name: str = "", target: str = ""
) -> Job:
    """Keep a sample of a source (CSV or Parquet) and let a worker profile it (M2.1). Raises TooLarge.

    Not one transaction on purpose: the upload may take a minute, and must hold no lock.
    """
    can(by, Right.CONTRIBUTE, source.project).enforce()
    _demand_method(source.project)
    blob = blobs.store(stream, max_bytes=settings.MAX_UPLOAD_BYTES)
    args = {"source": str(source.pk), "blob": blob.digest, "name": name[:200], "target": target.strip()[:250]}
    return _enqueue_profile(source, args, by=by)


@service
def _enqueue_profile(source: DataSource, args: dict[str, Any], *, by: User) -> Job:
    job = jobs.enqueue(
        "data.profile",
        args,
        by=by,
        project_id=source.project_id,
        subject_url=reverse("data:source", args=[source.pk]),
    )
    audit.record("data.profile_asked", source, by=by, project_id=source.project_id, digest=args["blob"])
    return job


def request_leakage(
    project: Project,
    *,
    train: blobs.Readable,
    test: blobs.Readable,
    by: User,
    key: str = "",
    time: str = "",
    target: str = "",
) -> Job:
    """Keep a train and a test table and let a worker look for leakage (M2.4). Raises TooLarge.

    ``key``, ``time`` and ``target`` name columns; without one, its check is left out.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    _demand_method(project)
    kept = [blobs.store(stream, max_bytes=settings.MAX_UPLOAD_BYTES).digest for stream in (train, test)]
    columns = {"key": key.strip()[:250], "time": time.strip()[:250], "target": target.strip()[:250]}
    return _enqueue_leakage(project, {"train": kept[0], "test": kept[1], **columns}, by=by)


@service
def _enqueue_leakage(project: Project, args: dict[str, Any], *, by: User) -> Job:
    job = jobs.enqueue(
        "data.leakage",
        {"project": str(project.pk), **args},
        by=by,
        project_id=project.pk,
        subject_url=reverse("data:leakage", args=[project.slug]),
    )
    audit.record(
        "data.leakage_asked", project, by=by, project_id=project.pk, train=args["train"], test=args["test"]
    )
    return job


def _demand_method(project: Project) -> None:
    if method_of(project).sources is None:
        raise Invalid(
            "The policy of this project says nothing of data. Let the project follow a policy that does.",
            code="no_method",
        )
