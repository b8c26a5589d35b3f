"""Who signs for whom, and for how long."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.core.models import Governed
from apps.projects.models import Project


class Delegation(Governed):
    """A person lets another sign in their place, in one role of one project, for a time.

    The database refuses delegating to oneself, two delegates at a time for one role, and circles (see delegation_sql).
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    delegator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    delegate = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    reason = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(delegator=F("delegate")), name="gates_delegation_to_someone_else"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="gates_delegation_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S.{8,}\S"), name="gates_delegation_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["delegate", "ends_at"],
                condition=Q(revoked_at__isnull=True),
                name="gates_delegation_live",
            )
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.delegator} as {self.role}"
