"""Answers kept for a day, so that a request sent twice is done once (guarantee 29)."""

from django.db import models
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.models import DigestField


class IdempotentAnswer(models.Model):
    """The answer given to one (principal, key); ``status`` is null while the first request still runs.

    ``done`` is written in the transaction of what was asked, so that it is known also where the answer was lost.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = DigestField()
    done = models.BooleanField(default=False, db_default=False)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="api_idempotentanswer_key_unique")
        ]

    def __str__(self) -> str:
        return self.key
