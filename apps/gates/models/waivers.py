"""Waivers: one criterion that need not hold, for one version, on one evidence, until a day (guarantee 9)."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import Reauthentication, User
from apps.core.models import DIGEST_PATTERN, DigestField, Governed, Row
from apps.gates.enums import WaiverPart, WaiverState
from apps.policies.models import Revision
from apps.registry.models import Version


class Waiver(Governed):
    """Asked by one, granted by another. It holds while it is granted and ``until`` lies ahead; no job is needed."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="waivers")
    gate = models.CharField(max_length=60)
    criterion = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    evidence_digest = DigestField()
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    granted_by_role = models.CharField(max_length=20)
    reason = models.TextField()
    until = models.DateTimeField()
    state = models.CharField(max_length=20, choices=WaiverState, default=WaiverState.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closing_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=WaiverState.values), name="gates_waiver_state_known"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("created_at")), name="gates_waiver_ends_later"),
            models.CheckConstraint(condition=Q(reason__regex=r"\S.{18,}\S"), name="gates_waiver_reason_long"),
            models.CheckConstraint(
                condition=Q(evidence_digest__regex=DIGEST_PATTERN), name="gates_waiver_digest_form"
            ),
            models.UniqueConstraint(
                fields=["version", "gate", "criterion", "evidence_digest"],
                condition=Q(state__in=[WaiverState.ASKED, WaiverState.GRANTED]),
                name="gates_waiver_one_live",
            ),
        ]
        indexes = [models.Index(fields=["version", "state", "until"], name="gates_waiver_live")]

    def __str__(self) -> str:
        return f"waiver of “{self.title}” for {self.version}"


class WaiverParty(models.Model):
    """What a person is to a waiver: asker, contributor or granter, and never two of them."""

    pk = models.CompositePrimaryKey("waiver_id", "person_id")
    waiver = models.ForeignKey(Waiver, on_delete=models.PROTECT, related_name="parties")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=WaiverPart)
    because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=WaiverPart.values), name="gates_waiverparty_kind_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.kind}"


class WaiverGrant(Row):
    """The signature under a waiver. Never changed; what ends a waiver is its state and its date."""

    waiver = models.OneToOneField(Waiver, on_delete=models.PROTECT, related_name="grant")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, default=WaiverPart.GRANTER, editable=False)
    role = models.CharField(max_length=20)
    signer_name = models.CharField(max_length=150)
    comment = models.TextField(blank=True)
    granted_at = models.DateTimeField(db_default=Now(), editable=False)
    reauthentication = models.OneToOneField(Reauthentication, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind=WaiverPart.GRANTER), name="gates_waivergrant_by_granter")
        ]

    def __str__(self) -> str:
        return f"granted by {self.signer_name}"
