"""Notices to people, by which way each wants them, and the e-mails that carry them."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Row
from apps.notifications import kinds
from apps.notifications.enums import Channel
from apps.notifications.models.outbox import Sendable, send_constraints, send_indexes
from apps.projects.models import Project


class Mail(Sendable):
    """An e-mail with one notice, or with all of a ``day`` (UTC). It is written when it is sent, by the rights of then."""

    JOB_KIND = "notifications.send_mail"
    #: About a day in all, eight tries.
    PAUSES = tuple(timedelta(seconds=seconds) for seconds in (60, 300, 900, 3600, 14_400, 28_800, 43_200))

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(null=True)

    class Meta:
        constraints = [
            *send_constraints("notifications_mail"),
            models.UniqueConstraint(fields=["person", "day"], name="notifications_mail_digest_once"),
        ]
        indexes = send_indexes("notifications_mail")

    def __str__(self) -> str:
        return f"digest of {self.day}" if self.day else "notice by e-mail"


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
    mail = models.ForeignKey(Mail, on_delete=models.PROTECT, null=True, related_name="notices")
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
            models.Index(
                fields=["person"],
                condition=Q(channel=Channel.DIGEST, mail__isnull=True, read_at__isnull=True),
                name="notifications_notice_digest",
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
