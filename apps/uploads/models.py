"""Large files on their way in, part after part. Their rows live as long as they are on their way, and a day longer."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.models import DIGEST_PATTERN, Blob, DigestField, Row
from apps.projects.models import Project
from apps.uploads.enums import UploadState


class UploadQuerySet(models.QuerySet["Upload"]):
    """Filters."""

    def living(self) -> "UploadQuerySet":
        """Those that can be gone on with, or used."""
        return self.exclude(state=UploadState.ENDED).filter(expires_at__gt=Now())

    def held(self) -> "UploadQuerySet":
        """Those that a request writes to, or did until a moment ago."""
        return self.filter(held_until__gt=Now())


class Upload(Row):
    """A file of a size and SHA-256 that were told beforehand, of which ``offset`` bytes are here.

    One request writes at a time: it takes the next ``fence`` and holds the row until ``held_until``, and what it
    wrote counts only while the fence is still its own, so that one that was believed dead writes over nobody.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="uploads")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    size_bytes = models.PositiveBigIntegerField()
    sha256 = DigestField()
    offset = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.OPEN)
    fence = models.PositiveIntegerField(default=0)
    held_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=UploadState.values), name="uploads_upload_state_known"
            ),
            models.CheckConstraint(
                condition=Q(offset__lte=F("size_bytes")), name="uploads_upload_not_beyond_size"
            ),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="uploads_upload_not_empty"),
            models.CheckConstraint(
                condition=Q(sha256__regex=DIGEST_PATTERN), name="uploads_upload_digest_is_sha256"
            ),
            models.CheckConstraint(
                condition=Q(blob__isnull=True) | Q(blob=F("sha256"), offset=F("size_bytes")),
                name="uploads_upload_is_what_was_told",
            ),
            models.CheckConstraint(
                condition=~Q(state=UploadState.COMPLETE) | Q(blob__isnull=False),
                name="uploads_upload_complete_is_kept",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "state"], name="uploads_upload_of_owner"),
            models.Index(fields=["expires_at"], name="uploads_upload_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"the file {self.sha256[:12]}"

    @property
    def is_complete(self) -> bool:
        return self.state == UploadState.COMPLETE


class Part(models.Model):
    """Bytes of an upload from ``offset`` on, kept under ``key`` of the storage until the file is whole."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    offset = models.PositiveBigIntegerField()
    size_bytes = models.PositiveIntegerField()
    key = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset"], name="uploads_part_once"),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="uploads_part_not_empty"),
        ]

    def __str__(self) -> str:
        return self.key
