"""Name models, register versions, move their stage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, governed, statements
from apps.core.db import constraint_name, service
from apps.core.errors import Invalid
from apps.core.models import Blob
from apps.core.statements import Columns
from apps.experiments.models import LoggedModel, Run
from apps.jobs import services as jobs
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.projects.services import demand_slug
from apps.registry.enums import Change
from apps.registry.models import Model, Version
from apps.registry.permissions import can_reinstate, can_retire, not_deleted, not_retired
from apps.registry.services.contents import demand_commit, pin_first

SHORTEST_REASON = 10
_ONE_SLUG = "registry_model_slug_unique"


@dataclass(frozen=True)
class Origin:
    """What an MLflow client says of where a version comes from, and the contents that it consists of, by path."""

    source: str = ""
    logged_model: LoggedModel | None = None
    run_link: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Blob] = field(default_factory=dict)


class SlugTaken(Invalid):
    """The project has a model of this short name."""


_MODEL = Columns(Model)
_HELD = f"SELECT {_MODEL.of('model')} FROM registry_model model WHERE model.id = %s FOR UPDATE"  # noqa: S608 - written here
_NEWEST = "SELECT coalesce(max(number), 0) FROM registry_version WHERE model_id = %s"


def under_lock(model: Model) -> Model:
    """Lock a model and read it afresh, in the project that it was read with."""
    current = _MODEL.made(statements.rows(_HELD, [model.pk])[0])
    current.project = model.project
    return current


@service
def create_model(
    project: Project,
    *,
    slug: str,
    name: str,
    by: User,
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> Model:
    """Name a model of a project."""
    can(by, Right.CONTRIBUTE, project).enforce()
    demand_slug(slug)
    if project.models.filter(slug=slug).exists():
        raise _slug_taken(slug)
    return add_model(
        project, slug=slug, name=name.strip() or slug, by=by, description=description, tags=tags or {}
    )


def add_model(
    project: Project, *, slug: str, name: str, by: User, description: str, tags: Mapping[str, str]
) -> Model:
    """Insert a model in the transaction that is open; raises SlugTaken where somebody else was faster."""
    model = Model(
        project=project, slug=slug, name=name, description=description, tags=dict(tags), created_by=by
    )
    try:
        return audit.insert_recorded(model, "registry.model_created", by=by, project_id=project.pk, slug=slug)
    except IntegrityError as error:
        if constraint_name(error) == _ONE_SLUG:
            raise _slug_taken(slug) from None
        raise


def _slug_taken(slug: str) -> SlugTaken:
    return SlugTaken(f"The project has a model {slug} already.", code="slug_taken")


@service
def register_version(
    model: Model,
    *,
    by: User,
    run: Run | None = None,
    artifact_stream: blobs.Content | None = None,
    artifact_path: str = "model",
    commit: str = "",
    change: str = Change.MINOR,
    description: str = "",
    origin: Origin | None = None,
) -> Version:
    """Register the next version of a model, in the policy's first stage, with its first file where one is given.

    Without a ``commit`` it is the one of the run. The contents of ``origin`` are pinned as its files.
    """
    project = model.project
    can(by, Right.CONTRIBUTE, project).enforce()
    if change not in Change.values:
        raise Invalid(f"A change is {' or '.join(Change.values)}, not “{change}”.", code="unknown_change")
    if run is not None:
        _demand_usable(run, project)
    commit = demand_commit(commit or (run.code_commit if run is not None else ""))
    known = origin or Origin()
    # Written before the lock: whoever else registers a version of the model waits for it.
    message = jobs.message_ahead() if known.files or artifact_stream is not None else None
    current = under_lock(model)
    not_deleted(current).enforce()
    not_retired(current).enforce()
    artifact = None
    if artifact_stream is not None:
        artifact = blobs.kept(artifact_stream, max_bytes=settings.MAX_UPLOAD_BYTES)
    version = _next(
        model, known, artifact, by=by, run=run, commit=commit, change=change, description=description
    )
    first = {} if artifact is None else {artifact_path: artifact}
    pin_first(version, first | dict(known.files), by=by, message=message)
    return version


def _next(model: Model, origin: Origin, artifact: Blob | None, *, by: User, **said: Any) -> Version:
    """Make the next version of a model, which is locked already; ``said`` are further fields of it."""
    ((newest,),) = statements.rows(_NEWEST, [model.pk])
    version = Version(
        model=model,
        number=newest + 1,
        stage=pack_of(model.project.policy_revision).initial_stage,
        source=origin.source,
        logged_model=origin.logged_model,
        run_link=origin.run_link,
        tags=dict(origin.tags),
        created_by=by,
        **said,
    )
    return audit.insert_recorded(
        version,
        "registry.version_registered",
        by=by,
        project_id=model.project_id,
        change=version.change,
        artifact=artifact.digest if artifact else None,
        run=str(version.run_id) if version.run_id else None,
        commit=version.commit,
    )


def _demand_usable(run: Run, project: Project) -> None:
    if run.experiment.project_id != project.pk:
        raise Invalid("The run belongs to another project.", code="foreign_run")
    if run.deleted_at is not None or run.experiment.deleted_at is not None:
        raise Invalid(f"The run {run.name} is deleted. Restore it first.", code="deleted_run")


@service
def move_stage(version: Version, *, stage: str, by: User) -> Version:
    """Set the stage. Called by the gates alone, after their transition row: the database checks that it agrees."""
    before = version.stage
    governed.change(version, stage=stage)
    audit.record(
        "registry.version_moved",
        version,
        by=by,
        project_id=version.model.project_id,
        before=before,
        stage=stage,
    )
    return version


@service
def retire_model(model: Model, *, by: User, reason: str) -> Model:
    """End a model: no new versions, no promotions, until it is reinstated. Nothing is removed."""
    current = Model.objects.select_for_update(of=("self",)).select_related("project").get(pk=model.pk)
    can_retire(by, current).enforce()
    governed.change(current, retired_at=Now(), retired_by=by, retirement_reason=_demand_reason(reason))
    audit.record(
        "registry.model_retired",
        current,
        by=by,
        project_id=current.project_id,
        reason=current.retirement_reason,
    )
    return current


@service
def reinstate_model(model: Model, *, by: User, reason: str) -> Model:
    """Take a retirement back."""
    current = Model.objects.select_for_update(of=("self",)).select_related("project").get(pk=model.pk)
    can_reinstate(by, current).enforce()
    why = _demand_reason(reason)
    governed.change(current, retired_at=None, retired_by=None, retirement_reason="")
    audit.record("registry.model_reinstated", current, by=by, project_id=current.project_id, reason=why)
    return current


def _demand_reason(reason: str) -> str:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(
            f"Say why, in {SHORTEST_REASON} characters or more.", code="reason_missing", field="reason"
        )
    return reason.strip()
