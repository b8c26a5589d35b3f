"""Snapshots of what was known about a version."""

from django.db import models
from django.db.models import Q

from apps.core.models import DIGEST_PATTERN, DigestField, Row
from apps.registry.models import Version


class Snapshot(Row):
    """The facts of a version as one canonical document; append-only, kept once per digest."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="snapshots")
    document = models.JSONField()
    digest = DigestField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "digest"], name="evidence_snapshot_once"),
            models.CheckConstraint(
                condition=Q(digest__regex=DIGEST_PATTERN), name="evidence_snapshot_digest_form"
            ),
        ]

    def __str__(self) -> str:
        return f"evidence {self.digest[:12]}"


class Followed(models.Model):
    """How far the events of the log were followed: every transaction before ``horizon`` was. One row."""

    horizon = models.BigIntegerField()

    def __str__(self) -> str:
        return f"followed to transaction {self.horizon}"
