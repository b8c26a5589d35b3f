"""Webhooks: who is called, what they are told, and each try."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Governed, Row
from apps.notifications import kinds
from apps.notifications.models.outbox import Sendable, send_constraints, send_indexes
from apps.projects.models import Project


class Webhook(Governed):
    """A URL that is called when something is announced in a project, or, without one, anywhere on the site.

    ``kinds`` empty means all. Secrets are sealed (apps.core.sealing); the previous one signs too until it ends.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=2000)
    kinds = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.TextField(blank=True)
    secret_sealed = models.TextField()
    previous_sealed = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(enabled=False),
                name="notifications_webhook_removed_is_off",
            ),
            models.CheckConstraint(
                condition=Q(previous_sealed="", previous_until__isnull=True)
                | (~Q(previous_sealed="") & Q(previous_until__isnull=False)),
                name="notifications_webhook_overlap_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["project"], condition=Q(enabled=True), name="notifications_webhook_live")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """The host alone: the rest of a URL may be as secret as a password."""
        return urlsplit(self.url).hostname or ""

    @property
    def kinds_in_words(self) -> str:
        return ", ".join(self.kinds) or "everything"


class Delivery(Sendable):
    """One message to one webhook. Its id goes along as ``webhook-id``, the same in every try."""

    JOB_KIND = "notifications.deliver"
    TEST_KIND = "notifications.test"
    #: About a day in all, ten tries.
    PAUSES = tuple(
        timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 3600, 7200, 14_400, 28_800, 28_800)
    )

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=80)
    subject_id = models.UUIDField(null=True)
    once = models.CharField(max_length=120, blank=True, default="")
    body = models.TextField()

    class Meta:
        constraints = [
            *send_constraints("notifications_delivery"),
            models.UniqueConstraint(
                fields=["webhook", "kind", "subject_id", "once"],
                condition=~Q(once=""),
                name="notifications_delivery_once",
            ),
        ]
        indexes = [
            *send_indexes("notifications_delivery"),
            models.Index(fields=["webhook", "-id"], name="notifications_delivery_log"),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def is_test(self) -> bool:
        return self.kind == self.TEST_KIND

    @property
    def title(self) -> str:
        return "Test" if self.is_test else kinds.title_of(self.kind)

    @property
    def message_id(self) -> str:
        return f"msg_{self.pk.hex}"


class Attempt(Row):
    """One try of a delivery; never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    seconds = models.FloatField()
    response = models.TextField(blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="notifications_attempt_once")
        ]

    def __str__(self) -> str:
        return f"try {self.number}"
