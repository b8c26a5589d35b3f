"""The truth about long work. The broker only wakes a worker; this row says what is to be done and who does it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Blob, DigestField, Row
from apps.jobs.enums import FINISHED, JobState


class Job(Row):
    """One piece of long work, claimed by one worker at a time.

    ``fence`` grows with every claim; a worker writes only while the fence is still its own, so that a worker that
    was believed dead cannot write over its successor.
    """

    kind = models.CharField(max_length=60)
    args = models.JSONField()
    state = models.CharField(max_length=20, choices=JobState, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    progress = models.FloatField(default=0)
    step = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True)
    result_digest = DigestField(blank=True, default="")
    error = models.TextField(blank=True)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    project_id = models.UUIDField(null=True)
    subject_url = models.CharField(max_length=300, blank=True)
    woken_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="jobs_job_state_known"),
            models.CheckConstraint(
                condition=Q(progress__gte=0, progress__lte=1), name="jobs_job_progress_share"
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINISHED, finished_at__isnull=False)
                | (~Q(state__in=FINISHED) & Q(finished_at__isnull=True)),
                name="jobs_job_finished_when_done",
            ),
            models.CheckConstraint(
                condition=~Q(state=JobState.RUNNING) | (Q(lease_until__isnull=False) & ~Q(lease_owner="")),
                name="jobs_job_running_has_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "lease_until"], condition=~Q(state__in=FINISHED), name="jobs_job_live"
            ),
            models.Index(fields=["project_id", "-created_at"], name="jobs_job_of_project"),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def title(self) -> str:
        """What the job does, in words."""
        return str(settings.JOB_KINDS[self.kind][1]) if self.kind in settings.JOB_KINDS else self.kind

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


class Period(models.Model):
    """When a kind of periodic work was put in the queue last. Its row lock makes it once a period, whoever asks."""

    kind = models.CharField(max_length=60, primary_key=True)
    enqueued_at = models.DateTimeField(null=True)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.kind


class Printout(Row):
    """A PDF that a worker made, or is to make, of something; the same content is made once.

    ``subject`` is the key of what it is of, a row of an app above; ``kind`` the kind of the job that makes it.
    """

    kind = models.CharField(max_length=60)
    subject = models.UUIDField()
    content_digest = DigestField()
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind", "content_digest"], name="jobs_printout_once")
        ]

    def __str__(self) -> str:
        return f"PDF {self.content_digest[:12]}"

    @property
    def is_settled(self) -> bool:
        """Whether it is made, or being made."""
        return self.blob_id is not None or (self.job is not None and not self.job.is_finished)
