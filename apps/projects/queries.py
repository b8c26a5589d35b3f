"""Read projects: what a user may see, and nothing else exists for them."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.projects.models import Brief, DatasetVersion, DataSource, Membership, Project


def projects_for(user: User) -> QuerySet[Project]:
    """Return the projects that exist for ``user``, with their policy."""
    projects = Project.objects.select_related("policy_revision__pack", "created_by")
    if not (user.is_auditor or user.is_administrator):
        projects = projects.filter(memberships__user=user)
    return projects.order_by("name")


def project_ids_for(user: User) -> QuerySet[Project, dict[str, Any]]:
    """Return the ids of the user's projects as a subquery for the apps above."""
    ids: Any = projects_for(user).order_by().values("pk")
    return cast(QuerySet[Project, dict[str, Any]], ids)


def project_for(user: User, slug: str) -> Project:
    """Load a project by slug; raises Http404 for a stranger, as for one that is not there."""
    project = projects_for(user).filter(slug=slug).first()
    if project is None:
        raise Http404
    return project


def project_by_id_for(user: User, pk: UUID) -> Project:
    """Load a project by id; raises Http404 for a stranger."""
    project = projects_for(user).filter(pk=pk).first()
    if project is None:
        raise Http404
    return project


def members_of(project: Project) -> QuerySet[Membership]:
    """Return the members with their accounts, people first."""
    return project.memberships.select_related("user", "user__owner").order_by("user__kind", "user__full_name")


def brief_of(project: Project) -> Brief | None:
    """Return the problem brief, if one was begun."""
    return Brief.objects.filter(project=project).first()


def data_sources_of(project: Project) -> QuerySet[DataSource]:
    """Return the data sources by name."""
    return project.data_sources.order_by("name")


def datasets_of(project: Project) -> QuerySet[DatasetVersion]:
    """Return the dataset versions, newest first."""
    return project.dataset_versions.order_by("-created_at")


def kill_criteria_of(project: Project) -> list[Any]:
    """TEMPORARY until the branch of projects is merged."""
    return []
