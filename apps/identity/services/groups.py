"""Give and take roles by the groups that a provider says a person is in. Applied at each sign-in over it."""

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.enums import SiteRole
from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, Refused, denied
from apps.identity.models import GroupGrant, GroupRule
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Membership, Project


def _demand_administrator(by: User) -> None:
    if not (by.is_person and by.is_administrator):
        denied("Only an administrator says what groups give.").enforce()


@service
def add_rule(group: str, *, role: str, project: Project | None, by: User) -> GroupRule:
    """Say that who is in ``group`` has ``role``. It never serves who made it."""
    _demand_administrator(by)
    group = group.strip()
    allowed = Role.values if project is not None else [SiteRole.AUDITOR, SiteRole.ADMINISTRATOR]
    if not group or role not in allowed:
        raise Invalid(
            f"Name a group, and one of the roles {', '.join(allowed)}.", code="bad_rule", field="role"
        )
    try:
        with transaction.atomic():
            rule = GroupRule.objects.create(group=group, project=project, role=role, created_by=by)
    except IntegrityError as error:
        raise Invalid("There is this rule already.", code="rule_twice") from error
    audit.record(
        "identity.rule_added",
        rule,
        by=by,
        project_id=project.pk if project else None,
        group=group,
        role=role,
    )
    return rule


@service
def remove_rule(rule: GroupRule, *, by: User) -> GroupRule:
    """End a rule; what it gave is taken at once."""
    _demand_administrator(by)
    if GroupRule.objects.filter(pk=rule.pk, removed_at__isnull=True).update(removed_at=timezone.now()):
        audit.record("identity.rule_removed", rule, by=by, project_id=rule.project_id, group=rule.group)
        for grant in rule.grants.select_related("user", "rule", "membership"):
            _take(grant)
    rule.refresh_from_db()
    return rule


@service
def apply_groups(user: User, groups: Iterable[str]) -> None:
    """Make the roles that groups give what they are now: new ones come, gone ones go, those by hand stay."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    due = {
        rule.pk: rule
        for rule in GroupRule.objects.filter(group__in=list(groups), removed_at__isnull=True)
        .exclude(created_by=user)
        .select_related("project")
        .order_by("id")
    }
    held = {grant.rule_id: grant for grant in _grants_of(user)}
    for rule_id in held.keys() - due.keys():
        _take(held[rule_id])
    for rule_id, rule in due.items():
        if rule_id not in held:
            _give(user, rule)


def _grants_of(user: User) -> list[GroupGrant]:
    return list(GroupGrant.objects.filter(user=user).select_related("user", "rule", "membership"))


def _give(user: User, rule: GroupRule) -> None:
    """Give what a rule says; a role that is there already, by hand or by an earlier rule, stays as it is."""
    if rule.project is None:
        if user.site_role == SiteRole.NONE:
            accounts.give_site_role(user, role=rule.role, because=f"group {rule.group}")
            GroupGrant.objects.create(user=user, rule=rule)
        return
    if _is_member(user, rule.project.pk):
        return
    membership = projects.join_by_group(rule.project, user=user, role=rule.role)
    GroupGrant.objects.create(user=user, rule=rule, membership=membership)


def _is_member(user: User, project_id: UUID) -> bool:
    return Membership.objects.filter(user=user, project_id=project_id).exists()


def _take(grant: GroupGrant) -> None:
    membership, user = grant.membership, grant.user
    if membership is None:
        if user.site_role == grant.rule.role:
            accounts.give_site_role(
                user, role=SiteRole.NONE, because=f"no longer in group {grant.rule.group}"
            )
        grant.delete()
        return
    try:
        with transaction.atomic():
            grant.delete()
            projects.leave_by_group(membership)
    except Refused as refusal:
        audit.record(
            "identity.grant_kept",
            grant.rule,
            by=None,
            project_id=membership.project_id,
            person=str(user),
            reason=refusal.sentence,
        )
