"""People, service accounts, tokens, and the proofs of identity that signatures rest on."""

from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from apps.accounts.enums import Kind, ReauthenticationMethod, SiteRole
from apps.core.models import DigestField, Row


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(Row, AbstractBaseUser):
    """A principal: a person, or a service account that a person answers for."""

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    owner = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="service_accounts"
    )
    site_role = models.CharField(max_length=20, choices=SiteRole, blank=True, default=SiteRole.NONE)
    is_active = models.BooleanField(default=True)
    #: Set while somebody else knows the password: good until then, and only to choose another.
    temporary_password_until = models.DateTimeField(null=True, blank=True)
    #: No signature before then; the database lets it run out and never be shortened.
    signing_held_until = models.DateTimeField(null=True, blank=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
            models.CheckConstraint(
                condition=Q(kind=Kind.PERSON, owner__isnull=True) | Q(kind=Kind.SERVICE, owner__isnull=False),
                name="accounts_user_service_has_owner",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.PERSON) | Q(site_role=""), name="accounts_user_service_has_no_site_role"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="accounts_user_kind_known"),
            models.CheckConstraint(
                condition=Q(site_role__in=SiteRole.values), name="accounts_user_site_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def person(self) -> "User":
        """The human being behind this principal: duties are separated between people, not accounts."""
        return self.owner if self.owner is not None else self

    @property
    def person_id(self) -> UUID:
        """The id of ``person``, without a query."""
        return self.owner_id or self.id

    @property
    def is_person(self) -> bool:
        return self.kind == Kind.PERSON

    @property
    def is_auditor(self) -> bool:
        return self.site_role == SiteRole.AUDITOR

    @property
    def is_administrator(self) -> bool:
        return self.site_role == SiteRole.ADMINISTRATOR

    def get_full_name(self) -> str:
        return self.full_name


class Token(Row):
    """An API token. The secret is shown once; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    secret_digest = DigestField(unique=True)
    hint = models.CharField(max_length=12)
    scopes = ArrayField(models.CharField(max_length=20))
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name


class Reauthentication(Row):
    """A person proved who they are, just now; a signature points at this row."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=20, choices=ReauthenticationMethod)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(at__gte=F("created_at")), name="accounts_reauthentication_time"
            ),
            models.CheckConstraint(
                condition=Q(method__in=ReauthenticationMethod.values),
                name="accounts_reauthentication_method_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} of {self.user_id}"


class UsedProof(Row):
    """A code or a passkey's challenge that was used: the unique key lets nobody use it again."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="accounts_usedproof_once")]

    def __str__(self) -> str:
        return self.key


class SignInAttempt(models.Model):
    """An attempt to sign in that was not (yet) right; kept for a day, to slow guessing."""

    at = models.DateTimeField(db_default=Now(), db_index=True)
    address_digest = DigestField()
    place = models.CharField(max_length=45)
    device = models.CharField(max_length=16, blank=True)

    def __str__(self) -> str:
        return f"from {self.place}"


def by_email(email: str) -> Any:
    """Return the filter that finds a principal by address, whatever its case."""
    return Q(email__iexact=email.strip())
