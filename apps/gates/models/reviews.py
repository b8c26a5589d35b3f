"""Until when an approval is valid, and the re-review that renews it."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.core.models import Governed
from apps.gates.enums import REVIEW_LIVE, ReviewState
from apps.gates.models.requests import Promotion
from apps.registry.models import Version


class Review(Governed):
    """The approval of a version in its stage ends at ``due_at``; from ``opens_at`` on it can be renewed.

    It is confirmed by a request of purpose review, which is signed like any other on the evidence of then, or closed
    with a finding, after which the next review of the same date is open.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="reviews")
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=20, choices=ReviewState, default=ReviewState.SCHEDULED)
    opens_at = models.DateTimeField()
    due_at = models.DateTimeField()
    confirmed_by = models.OneToOneField(
        Promotion, on_delete=models.PROTECT, null=True, related_name="confirmed_review"
    )
    finding = models.TextField(blank=True)
    found_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=Q(state__in=REVIEW_LIVE), name="gates_review_one_live"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ReviewState.values), name="gates_review_state_known"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gte=F("opens_at")), name="gates_review_opens_before_due"
            ),
            models.CheckConstraint(
                condition=Q(state__in=REVIEW_LIVE, closed_at__isnull=True)
                | (~Q(state__in=REVIEW_LIVE) & Q(closed_at__isnull=False)),
                name="gates_review_closed_when_done",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReviewState.FINDING)
                | Q(finding__regex=r"\S.{8,}\S", found_by__isnull=False),
                name="gates_review_finding_has_words",
            ),
            models.CheckConstraint(
                condition=Q(state=ReviewState.CONFIRMED, confirmed_by__isnull=False)
                | (~Q(state=ReviewState.CONFIRMED) & Q(confirmed_by__isnull=True)),
                name="gates_review_confirmed_by_request",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "due_at"], condition=Q(state__in=REVIEW_LIVE), name="gates_review_due"
            )
        ]

    def __str__(self) -> str:
        return f"re-review of {self.version}"
