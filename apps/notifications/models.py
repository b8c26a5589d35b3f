"""Notices to people, and by which way each wants them."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Row
from apps.notifications import kinds
from apps.notifications.enums import Channel
from apps.projects.models import Project


class Notice(Row):
    """One thing told to one person. ``once`` names what is told a single time, for example a day or a deadline."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=300)
    actor_label = models.CharField(max_length=300)
    link = models.CharField(max_length=500, blank=True)
    data = models.JSONField()
    once = models.CharField(max_length=120, blank=True, default="")
    channel = models.CharField(max_length=10, choices=Channel)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "subject_id", "once"],
                condition=~Q(once=""),
                name="notifications_notice_once",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=[Channel.PORTAL, Channel.DIGEST, Channel.EMAIL]),
                name="notifications_notice_channel_known",
            ),
            models.CheckConstraint(
                condition=Q(link="") | (Q(link__startswith="/") & ~Q(link__startswith="//")),
                name="notifications_notice_link_is_ours",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notifications_notice_person"),
            models.Index(
                fields=["person"], condition=Q(read_at__isnull=True), name="notifications_notice_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return kinds.title_of(self.kind)

    @property
    def sentence(self) -> str:
        """What is told, in words."""
        return kinds.present(self.kind, self.data, label=self.subject_label, actor=self.actor_label)

    @property
    def is_urgent(self) -> bool:
        found = kinds.known().get(self.kind)
        return found is not None and found.is_urgent


class Preference(Row):
    """By which way a person wants notices of one kind; without a row, the kind's own default."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=80)
    channel = models.CharField(max_length=10, choices=Channel)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="notifications_preference_once"),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="notifications_preference_channel_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"
