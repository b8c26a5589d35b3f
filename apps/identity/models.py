"""Invitations by e-mail, and what the groups of a provider give."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.enums import SiteRole
from apps.accounts.models import User
from apps.core.models import DigestField, Row
from apps.projects.enums import Role
from apps.projects.models import Membership, Project


class Invitation(Row):
    """An address is invited, once and for a while. Only the SHA-256 of the link's secret is kept."""

    email = models.EmailField()
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="invitations")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    secret_digest = DigestField(unique=True)
    expires_at = models.DateTimeField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(project__isnull=True, role="") | Q(project__isnull=False, role__in=Role.values),
                name="identity_invitation_role_of_project",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="identity_invitation_one_end",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="identity_invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="identity_invitation_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return self.email


class GroupRule(Row):
    """Who has this value in the provider's group claim has this role, in a project or over the site."""

    group = models.CharField(max_length=200)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="group_rules")
    role = models.CharField(max_length=20)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(project__isnull=False, role__in=Role.values)
                | Q(project__isnull=True, role__in=[SiteRole.AUDITOR, SiteRole.ADMINISTRATOR]),
                name="identity_grouprule_role_known",
            ),
            models.UniqueConstraint(
                fields=["group", "project", "role"],
                condition=Q(removed_at__isnull=True),
                nulls_distinct=False,
                name="identity_grouprule_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.role}"


class GroupGrant(Row):
    """A role that a group gave, so that it can be taken when the group goes. Roles given by hand have no row here."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(GroupRule, on_delete=models.PROTECT, related_name="grants")
    membership = models.OneToOneField(
        Membership, on_delete=models.CASCADE, null=True, related_name="group_grant"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "rule"], name="identity_groupgrant_once")]

    def __str__(self) -> str:
        return f"{self.rule} for {self.user_id}"
