"""Invitations by e-mail, what the groups of a provider give, and which pipelines a project trusts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.accounts.enums import SiteRole
from apps.accounts.models import Token, User
from apps.core.models import DigestField, Governed, Row
from apps.identity.enums import TRUSTED_SCOPES, IssuerKind
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


class Trust(Governed):
    """A project takes the word of an issuer about a pipeline: who has these claims acts as this service account.

    It is never changed but once, when it is withdrawn; the database holds to it.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="trusts")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=IssuerKind)
    issuer = models.CharField(max_length=500)
    #: Claim -> the text that a token must say, whole.
    claims = models.JSONField()
    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="trusts")
    scopes = ArrayField(models.CharField(max_length=20))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(withdrawn_at__isnull=True),
                name="identity_trust_name_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=IssuerKind.values), name="identity_trust_kind_known"),
            models.CheckConstraint(
                condition=Q(issuer__regex=r"^https?://\S+$"), name="identity_trust_has_issuer"
            ),
            models.CheckConstraint(condition=~Q(claims={}), name="identity_trust_names_claims"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=[str(one) for one in TRUSTED_SCOPES], scopes__len__gt=0),
                name="identity_trust_scopes_known",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_reason="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, withdrawn_reason__regex=r"\S"),
                name="identity_trust_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audience(self) -> str:
        """What a token is asked for: this trust and nothing else."""
        return f"{settings.BASE_URL}/trusts/{self.pk}"

    @property
    def audiences(self) -> tuple[str, str]:
        """Whom a token may be for: this trust, or this installation."""
        return (self.audience, settings.BASE_URL)


class Exchange(Row):
    """A pipeline got a token by a trust; ``told`` is what its identity token said. Never changed."""

    trust = models.ForeignKey(Trust, on_delete=models.PROTECT, related_name="exchanges")
    token = models.OneToOneField(Token, on_delete=models.PROTECT, related_name="exchange")
    told = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["trust", "-created_at"], name="identity_exchange_newest")]

    def __str__(self) -> str:
        return f"{self.trust_id} at {self.created_at:%Y-%m-%d %H:%M}"


class UsedIdentityToken(models.Model):
    """An identity token that was exchanged: the unique key lets nobody use it again. Kept while it could be shown."""

    key = DigestField(unique=True)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class IssuerKeys(models.Model):
    """The public keys of an issuer as they were read; one row for all projects and processes."""

    issuer = models.CharField(max_length=500, unique=True)
    keys = models.JSONField(default=list)
    fetched_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.issuer
