"""Read models and versions."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.policies.pack import Stage
from apps.projects.queries import project_ids_for
from apps.registry.enums import PRODUCTION
from apps.registry.models import Check, Model, Version


def models_for(user: User) -> QuerySet[Model]:
    """Return the models of the user's projects by name, with the number of versions."""
    return (
        Model.objects.filter(project__in=project_ids_for(user))
        .select_related("project", "created_by", "retired_by")
        .annotate(version_count=Count("versions"))
        .order_by("-id")
    )


def model_for(user: User, pk: UUID) -> Model:
    """Load a model; raises Http404 for a stranger."""
    found = models_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def versions_for(user: User) -> QuerySet[Version]:
    """Return the versions of the user's projects, newest first."""
    return (
        Version.objects.filter(model__project__in=project_ids_for(user))
        .select_related(
            "model__project__policy_revision__pack",
            "run__experiment",
            "artifact",
            "created_by",
            "created_by__owner",
        )
        .order_by("-id")
    )


def version_for(user: User, pk: UUID) -> Version:
    """Load a version; raises Http404 for a stranger."""
    found = versions_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def production_version_of(model: Model) -> Version | None:
    """Return the version of the model that is in production."""
    return Version.objects.select_related("model__project").filter(model=model, stage=PRODUCTION).first()


def by_stage(stages: Iterable[Stage], versions: Iterable[Version]) -> list[tuple[Stage, list[Version]]]:
    """Return each stage with its versions, newest first."""
    held: dict[str, list[Version]] = {}
    for version in sorted(versions, key=lambda one: -one.number):
        held.setdefault(version.stage, []).append(version)
    return [(stage, held.get(stage.key, [])) for stage in stages]


def latest_checks(version: Version) -> dict[str, Check]:
    """Return the newest report of each check by name."""
    newest = (
        Check.objects.filter(version=version)
        .select_related("reported_by")
        .order_by("name", "-created_at", "-id")
        .distinct("name")
    )
    return {check.name: check for check in newest}
