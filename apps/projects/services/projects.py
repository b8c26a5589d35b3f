"""What is done to projects, their members and data."""

import re

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid, denied, not_now
from apps.core.models import DIGEST_PATTERN
from apps.policies.queries import current_revision
from apps.projects.enums import DataRole, Role
from apps.projects.locking import locked
from apps.projects.models import DatasetVersion, DataSource, Membership, Project
from apps.projects.permissions import Right, can
from apps.projects.services.briefs import begin_brief

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def demand_slug(slug: str) -> str:
    """Return ``slug`` if it may stand in an address; raises Invalid."""
    if not SLUG.match(slug) or len(slug) > 60:
        raise Invalid(
            f"“{slug[:80]}” cannot be a short name: use up to 60 lower-case letters, digits and single hyphens, "
            "for example mortgage-approval.",
            code="bad_slug",
        )
    return slug


@service
def create_project(*, slug: str, name: str, by: User, purpose: str = "") -> Project:
    """Begin a project under the newest revision of the default policy; whoever begins it owns it."""
    owner = by.person
    demand_slug(slug)
    if Project.objects.filter(slug=slug).exists():
        raise _slug_taken(slug)
    try:
        with transaction.atomic():
            project = Project.objects.create(
                slug=slug,
                name=name.strip() or slug,
                purpose=purpose.strip(),
                policy_revision=current_revision(settings.DEFAULT_POLICY_PACK),
                created_by=by,
            )
    except IntegrityError as error:
        raise _slug_taken(slug) from error
    audit.record("projects.project_created", project, by=by, project_id=project.pk, slug=slug)
    _join(project, owner, Role.OWNER, by=by)
    begin_brief(project, by=by)
    return project


def _slug_taken(slug: str) -> Invalid:
    return Invalid(f"There is a project called {slug} already. Choose another short name.", code="slug_taken")


def _join(project: Project, user: User, role: Role, *, by: User | None) -> Membership:
    membership = Membership.objects.create(project=project, user=user, role=role)
    audit.record(
        "projects.member_added",
        membership,
        by=by,
        project_id=project.pk,
        member=str(user),
        user=str(user.pk),
        role=role,
    )
    return membership


@service
def change_project(
    project: Project,
    *,
    by: User,
    expect: int | None = None,
    name: str | None = None,
    purpose: str | None = None,
) -> Project:
    """Change name or purpose."""
    can(by, Right.MANAGE, project).enforce()
    governed.demand_version(project, expect)
    wanted = {"name": name, "purpose": purpose}
    fields = {key: value.strip() for key, value in wanted.items() if value is not None}
    if fields.get("name") == "":
        raise Invalid("A project needs a name.", code="name_missing")
    governed.change(project, **fields)
    audit.record("projects.project_changed", project, by=by, project_id=project.pk, fields=sorted(fields))
    return project


def _demand_person(by: User) -> None:
    if not by.is_person:
        denied("Members are managed by people; a token cannot.", code="person_needed").enforce()


def _demand_role(role: str) -> Role:
    if role not in Role.values:
        raise Invalid(f"There is no role “{role}”. Roles are {', '.join(Role.values)}.", code="unknown_role")
    return Role(role)


@service
def add_member(project: Project, *, user: User, role: str, by: User) -> Membership:
    """Give a principal a role; a service account can only contribute or view."""
    _demand_person(by)
    can(by, Right.MANAGE, project).enforce()
    wanted = _demand_role(role)
    if not user.is_person and wanted not in {Role.CONTRIBUTOR, Role.VIEWER}:
        raise Invalid("A service account can be contributor or viewer, nothing else.", code="service_role")
    if project.memberships.filter(user=user).exists():
        raise Invalid(f"{user} is a member already. Change the role instead.", code="member_already")
    return _join(project, user, wanted, by=by)


@service
def join_by_group(project: Project, *, user: User, role: str) -> Membership:
    """Give a person the role that a group of their provider carries; the caller has read the rule."""
    return _join(project, user, _demand_role(role), by=None)


@service
def leave_by_group(membership: Membership) -> None:
    """Take the role away that a group gave; raises Refused for the last owner of a project."""
    project = Project.objects.select_for_update().get(pk=membership.project_id)
    _keep_an_owner(membership, becomes=None)
    _leave(project, membership, by=None)


@service
def change_role(membership: Membership, *, role: str, by: User) -> Membership:
    """Change a member's role; a project keeps at least one owner."""
    project = Project.objects.select_for_update().get(pk=membership.project_id)
    _demand_person(by)
    can(by, Right.MANAGE, project).enforce()
    wanted, before = _demand_role(role), membership.role
    _keep_an_owner(membership, becomes=wanted)
    governed.change(membership, role=wanted)
    audit.record(
        "projects.member_role_changed",
        membership,
        by=by,
        project_id=project.pk,
        member=str(membership.user),
        user=str(membership.user_id),
        before=before,
        role=wanted,
    )
    return membership


@service
def remove_member(membership: Membership, *, by: User) -> None:
    """Take a member's role away; it ends with their next request."""
    project = Project.objects.select_for_update().get(pk=membership.project_id)
    _demand_person(by)
    can(by, Right.MANAGE, project).enforce()
    _keep_an_owner(membership, becomes=None)
    _leave(project, membership, by=by)


def _leave(project: Project, membership: Membership, *, by: User | None) -> None:
    audit.record_removal(
        "projects.member_removed",
        membership,
        by=by,
        project_id=project.pk,
        member=str(membership.user),
        user=str(membership.user_id),
        role=membership.role,
    )
    membership.delete()


def _keep_an_owner(membership: Membership, *, becomes: Role | None) -> None:
    if membership.role == Role.OWNER and becomes != Role.OWNER:
        others = Membership.objects.filter(project_id=membership.project_id, role=Role.OWNER).exclude(
            pk=membership.pk
        )
        if not others.exists():
            not_now("A project needs an owner. Make somebody else owner first.", code="last_owner").enforce()


@service
def assess_data_source(
    project: Project, *, name: str, scores: dict[str, int], by: User, description: str = ""
) -> DataSource:
    """Score a data source on six dimensions of 0–5 (M2.1); the same name again is a new assessment of it."""
    can(by, Right.CONTRIBUTE, project).enforce()
    wrong = sorted(set(scores) ^ set(DataSource.DIMENSIONS))
    if wrong:
        raise Invalid(
            f"Score each of {', '.join(DataSource.DIMENSIONS)}; check {', '.join(wrong)}.", code="bad_scores"
        )
    for key, value in scores.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 5:
            raise Invalid(
                f"{key} is scored {value}; a score is a whole number from 0 to 5.",
                code="bad_score",
                field=key,
            )
    locked(project)
    source = (
        DataSource.objects.select_for_update(of=("self",)).filter(project=project, name=name.strip()).first()
    )
    if source is None:
        source = DataSource.objects.create(
            project=project, name=name.strip(), description=description, **scores
        )
    else:
        governed.change(source, description=description or source.description, **scores)
    audit.record(
        "projects.data_source_assessed", source, by=by, project_id=project.pk, score=source.score, **scores
    )
    return source


@service
def record_dataset(
    project: Project,
    *,
    name: str,
    role: str,
    content_digest: str,
    row_count: int,
    by: User,
    source: DataSource | None = None,
) -> DatasetVersion:
    """Record one state of a dataset by the hash of its content; the same again returns the row there is."""
    can(by, Right.CONTRIBUTE, project).enforce()
    if role not in DataRole.values:
        raise Invalid(
            f"A dataset is for one of {', '.join(DataRole.values)}, not “{role}”.", code="unknown_data_role"
        )
    if not re.match(DIGEST_PATTERN, content_digest):
        raise Invalid(
            "content_digest must be a SHA-256 as 64 lower-case hexadecimal digits.", code="bad_digest"
        )
    key = {"project": project, "name": name.strip(), "role": role, "content_digest": content_digest}
    dataset, fresh = DatasetVersion.objects.get_or_create(
        **key, defaults={"row_count": row_count, "source": source, "created_by": by}
    )
    if fresh:
        audit.record(
            "projects.dataset_recorded", dataset, by=by, project_id=project.pk, row_count=row_count, role=role
        )
    return dataset
