"""What is said about a request, whom it was asked of by name, and who was nudged. All of it only grows."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.models import Row
from apps.gates.enums import NudgeKind
from apps.gates.models.requests import Promotion


class Comment(Row):
    """A remark in the thread of a request, as Markdown. It is not edited; say it again."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    answers = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replies")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="gates_comment_not_empty"),
            models.CheckConstraint(condition=~Q(answers=models.F("id")), name="gates_comment_not_of_itself"),
        ]
        indexes = [models.Index(fields=["promotion", "id"], name="gates_comment_thread")]

    def __str__(self) -> str:
        return f"comment of {self.author}"


class Asked(Row):
    """A seat of a request was asked of a person by name; whoever passed it on has it no longer in the inbox."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="asked")
    role = models.CharField(max_length=20)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    passed_on = models.BooleanField(default=False)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "person"], name="gates_asked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.role} asked of {self.person}"


class Nudge(models.Model):
    """A reminder or an escalation went out: once for a request, whichever worker is first."""

    pk = models.CompositePrimaryKey("promotion_id", "kind")
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="nudges")
    kind = models.CharField(max_length=10, choices=NudgeKind)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NudgeKind.values), name="gates_nudge_kind_known")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.promotion_id}"
