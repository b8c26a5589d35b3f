"""Acts outside the ordinary way, and the postmortems that each of them opens."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import Reauthentication, User
from apps.core.models import Governed, Row
from apps.gates.enums import PostmortemState
from apps.gates.models.requests import Promotion
from apps.monitoring.models import ProductionMetrics
from apps.policies.models import Revision
from apps.registry.models import Version


class Rollback(Row):
    """The version that was in production before returns. By a person with a reason, or by the policy's rules."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="rollbacks")
    restored = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    automatic = models.BooleanField(default=False)
    reason = models.TextField()
    verdict = models.JSONField(null=True)
    metrics = models.ForeignKey(ProductionMetrics, on_delete=models.PROTECT, null=True, related_name="+")
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(version=F("restored")), name="gates_rollback_two_versions"),
            models.CheckConstraint(condition=Q(reason__regex=r"\S.{8,}\S"), name="gates_rollback_reason"),
            models.CheckConstraint(
                condition=Q(automatic=False) | Q(metrics__isnull=False, verdict__isnull=False),
                name="gates_rollback_by_rule_has_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"rollback of {self.version} to {self.restored}"


class Suspension(Row):
    """A version leaves production and none takes its place."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="suspensions")
    automatic = models.BooleanField(default=False)
    reason = models.TextField()
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reason__regex=r"\S.{8,}\S"), name="gates_suspension_reason"),
            models.CheckConstraint(
                condition=Q(automatic=True) | Q(started_by__isnull=False), name="gates_suspension_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"suspension of {self.version}"


class BreakGlass(Row):
    """The signature of who promoted a version past its gate, and why. Never changed."""

    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, related_name="break_glass")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="break_glasses")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    signer_name = models.CharField(max_length=150)
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now(), editable=False)
    reauthentication = models.OneToOneField(Reauthentication, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S.{38,}\S"), name="gates_breakglass_reason_long"
            )
        ]

    def __str__(self) -> str:
        return f"break-glass promotion of {self.version}"


class Postmortem(Governed):
    """What must be looked at after an exception: an owner, a day, an outcome. An overdue one may block promotions."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="postmortems")
    rollback = models.OneToOneField(Rollback, on_delete=models.PROTECT, null=True, related_name="postmortem")
    suspension = models.OneToOneField(
        Suspension, on_delete=models.PROTECT, null=True, related_name="postmortem"
    )
    break_glass = models.OneToOneField(
        BreakGlass, on_delete=models.PROTECT, null=True, related_name="postmortem"
    )
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="postmortems")
    caused_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField()
    blocks = models.BooleanField()
    state = models.CharField(max_length=20, choices=PostmortemState, default=PostmortemState.OPEN)
    outcome = models.TextField(blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PostmortemState.values), name="gates_postmortem_state_known"
            ),
            models.CheckConstraint(
                condition=Q(rollback__isnull=False, suspension__isnull=True, break_glass__isnull=True)
                | Q(rollback__isnull=True, suspension__isnull=False, break_glass__isnull=True)
                | Q(rollback__isnull=True, suspension__isnull=True, break_glass__isnull=False),
                name="gates_postmortem_one_cause",
            ),
            models.CheckConstraint(
                condition=Q(state=PostmortemState.OPEN, closed_by__isnull=True, closed_at__isnull=True)
                | Q(state=PostmortemState.CLOSED, closed_by__isnull=False, closed_at__isnull=False)
                & Q(outcome__regex=r"\S.{18,}\S"),
                name="gates_postmortem_closed_with_outcome",
            ),
            # Whoever caused it cannot close it: four eyes after the fact.
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True)
                | Q(caused_by__isnull=True)
                | ~Q(closed_by=F("caused_by")),
                name="gates_postmortem_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="gates_postmortem_due")]

    def __str__(self) -> str:
        return f"postmortem of the {self.cause}"

    @property
    def cause(self) -> Row:
        """The act that is reviewed."""
        found = self.rollback or self.suspension or self.break_glass
        assert found is not None, "a constraint holds that there is one"
        return found

    @property
    def is_overdue(self) -> bool:
        return self.state == PostmortemState.OPEN and self.due_at < timezone.now()
