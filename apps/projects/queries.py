"""Read projects: what a user may see, and nothing else exists for them."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.statements import Columns
from apps.policies.criteria import Criterion
from apps.policies.method.framing import Recommendation, recommend
from apps.policies.models import Revision
from apps.policies.queries import pack_of, without_texts
from apps.projects.enums import Role
from apps.projects.models import (
    Approach,
    Brief,
    BriefRevision,
    DatasetVersion,
    DataSource,
    KillCriterion,
    Membership,
    Project,
    RiskTier,
)
from apps.projects.permissions import note_role

#: Without the times, which no request of a script asks for.
_PROJECT = Columns(Project, without=["created_at", "updated_at"])
_REVISION = Columns(Revision, only=["id", "pack_id", "number", "content_hash"])
#: The projects of a principal with their role, for a statement that knows them as ``principal``: by name, or the one with
#: the slug; ``membership_in`` takes its rows. Whoever sees projects without being a member is not among these.
MEMBERSHIPS = f"""
SELECT {_PROJECT.of("project")}, {_REVISION.of("revision")}, membership.role FROM projects_membership membership
JOIN projects_project project ON project.id = membership.project_id
JOIN policies_revision revision ON revision.id = project.policy_revision_id
WHERE membership.user_id = principal.id AND (%(slug)s::text = '' OR project.slug = %(slug)s::text)
ORDER BY project.name, project.id LIMIT %(most)s
"""  # noqa: S608 - written here
OWN_REMEDY = "Stop the project, or go on and say why. The project set this criterion itself."


def projects_for(user: User) -> QuerySet[Project]:
    """Return the projects that exist for ``user``, with their policy."""
    projects = Project.objects.select_related("policy_revision__pack", "created_by").defer(
        *without_texts("policy_revision")
    )
    if not (user.is_auditor or user.is_administrator):
        projects = projects.filter(memberships__user=user)
    return projects.order_by("name")


def membership_in(values: Sequence[Any], user: User) -> Project:
    """Return the project of a row of MEMBERSHIPS; the role of ``user``, whose row it is, is known from then on."""
    project = _PROJECT.made(values[: len(_PROJECT)])
    project.policy_revision = _REVISION.made(values[len(_PROJECT) : -1])
    note_role(user, project.pk, Role(values[-1]))
    return project


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


def revisions_of(brief: Brief) -> QuerySet[BriefRevision]:
    """Return the revisions of a brief with their authors, newest first."""
    return brief.revisions.select_related("author").order_by("-number")


def tier_of(project: Project) -> RiskTier | None:
    """Return the risk tier, if somebody set it."""
    return RiskTier.objects.select_related("set_by").filter(project=project).first()


def approaches_of(project: Project) -> QuerySet[Approach]:
    """Return the answers about rules or machine learning, newest first."""
    return project.approaches.select_related("answered_by", "policy_revision__pack").order_by("-id")


def recommendation_of(project: Project, approach: Approach | None) -> Recommendation | None:
    """Weigh answers by the policy of now; None without them, or when the policy asks more than was answered."""
    if approach is None:
        return None
    given = {key: one["answer"] for key, one in approach.answers.items()}
    return recommend(pack_of(project.policy_revision).method.framing, given)


def flat_answers(approach: Approach | None) -> dict[str, str]:
    """Return answers and notes by the names of the form's fields."""
    flat: dict[str, str] = {}
    for key, one in approach.answers.items() if approach else ():
        flat |= {key: one["answer"], f"note_{key}": one["note"]}
    return flat


def own_kill_criteria_of(project: Project) -> QuerySet[KillCriterion]:
    """Return the project's own kill criteria, those that count first, newest first."""
    return project.kill_criteria.select_related("created_by").order_by(F("retired_at").desc(), "-id")


def kill_criterion_for(user: User, pk: UUID) -> KillCriterion:
    """Load a project's own criterion; raises Http404 for a stranger."""
    found = (
        KillCriterion.objects.select_related("project", "created_by")
        .filter(pk=pk, project__in=project_ids_for(user))
        .first()
    )
    if found is None:
        raise Http404
    return found


def kill_criteria_of(project: Project) -> tuple[Criterion, ...]:
    """Return what would stop a project: the policy's criteria, then its own that are not retired.

    Each is an expression over evidence and the clock of the project's data; one that *holds* is a reason to stop.
    """
    own = project.kill_criteria.filter(retired_at__isnull=True).order_by("id")
    return (
        *pack_of(project.policy_revision).method.framing.kill_criteria,
        *(
            Criterion(f"own_{one.pk.hex}", one.title, one.expression, remedy=OWN_REMEDY, method="M1.2")
            for one in own
        ),
    )
