"""What an approval is bound to: machine conditions with their breaches, and obligations of people."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core.models import Governed
from apps.gates.enums import OBLIGATION_OWED, BreachState, ConditionState, ObligationState
from apps.gates.models.requests import Approval, Promotion
from apps.policies.conditions import OnBreach
from apps.registry.models import Version

#: The key of the condition that is a date: until when the approval was given.
UNTIL = "until"


class Condition(Governed):
    """A rule that an approval rests on, or the day until which it was given; fixed when it was signed.

    ``expression`` and ``on_breach`` are the policy's of that moment, ``limit`` is the signer's number.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="conditions")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="conditions")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="conditions")
    key = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    expression = models.TextField(blank=True)
    limit = models.FloatField(null=True)
    unit = models.CharField(max_length=30, blank=True)
    until = models.DateTimeField(null=True)
    on_breach = models.CharField(max_length=10, choices=[(one.value, one.value) for one in OnBreach])
    state = models.CharField(max_length=20, choices=ConditionState, default=ConditionState.PROPOSED)
    in_force_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["approval", "key"], name="gates_condition_once"),
            models.CheckConstraint(
                condition=Q(state__in=ConditionState.values), name="gates_condition_state_known"
            ),
            models.CheckConstraint(
                condition=Q(on_breach__in=[one.value for one in OnBreach]),
                name="gates_condition_on_breach_known",
            ),
            models.CheckConstraint(
                condition=Q(key=UNTIL, until__isnull=False, expression="")
                | (~Q(key=UNTIL) & Q(until__isnull=True) & ~Q(expression="")),
                name="gates_condition_rule_or_day",
            ),
        ]
        indexes = [models.Index(fields=["version", "state"], name="gates_condition_of_version")]

    def __str__(self) -> str:
        return f"condition “{self.sentence}” of {self.version}"

    @property
    def sentence(self) -> str:
        """What it asks, with the signer's number and unit."""
        if self.until is not None:
            return f"Approved until {self.until:%Y-%m-%d}"
        if self.limit is None:
            return self.title
        return f"{self.title}: {self.limit:g} {self.unit}".rstrip()

    @property
    def suspends(self) -> bool:
        return self.on_breach == OnBreach.SUSPEND


class Breach(Governed):
    """One episode in which a condition did not hold, with what was found when it began."""

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="breaches")
    state = models.CharField(max_length=20, choices=BreachState, default=BreachState.OPEN)
    reason = models.TextField()
    verdict = models.JSONField()
    cleared_at = models.DateTimeField(null=True)
    cleared_because = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BreachState.values), name="gates_breach_state_known"
            ),
            models.UniqueConstraint(
                fields=["condition"], condition=Q(state=BreachState.OPEN), name="gates_breach_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state=BreachState.OPEN, cleared_at__isnull=True)
                | Q(state=BreachState.CLEARED, cleared_at__isnull=False),
                name="gates_breach_cleared_when_done",
            ),
        ]

    def __str__(self) -> str:
        return f"breach of the {self.condition}"

    @property
    def version(self) -> Version:
        return self.condition.version


class Obligation(Governed):
    """What a named person owes for an approval, until a day. Said to be done by the owner, confirmed by an approver."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="obligations")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="obligations")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="obligations")
    text = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="obligations")
    due_at = models.DateTimeField()
    blocks = models.BooleanField()
    state = models.CharField(max_length=20, choices=ObligationState, default=ObligationState.PROPOSED)
    note = models.TextField(blank=True)
    link = models.URLField(max_length=500, blank=True)
    fulfilled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    fulfilled_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ObligationState.values), name="gates_obligation_state_known"
            ),
            models.CheckConstraint(condition=Q(text__regex=r"\S.{8,}\S"), name="gates_obligation_text"),
            models.CheckConstraint(
                condition=~Q(state__in=[ObligationState.FULFILLED, ObligationState.CONFIRMED])
                | Q(fulfilled_by__isnull=False, fulfilled_at__isnull=False, note__regex=r"\S.{8,}\S"),
                name="gates_obligation_fulfilled_with_note",
            ),
            models.CheckConstraint(
                condition=~Q(state=ObligationState.CONFIRMED)
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="gates_obligation_confirmed_by_somebody",
            ),
            # Who owes it, or says that it is done, does not confirm it.
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True)
                | (~Q(answered_by=F("owner")) & ~Q(answered_by=F("fulfilled_by"))),
                name="gates_obligation_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="gates_obligation_due")]

    def __str__(self) -> str:
        return f"obligation “{self.text[:60]}” of {self.version}"

    @property
    def is_overdue(self) -> bool:
        return self.state in OBLIGATION_OWED and self.due_at < timezone.now()
