"""The event log. The database stamps, numbers and hashes each event, and refuses to change one."""

from django.db import models
from django.db.models.functions import Now

from apps.core.models import DigestField


class Event(models.Model):
    """One act: who did what to which object, and what it changed.

    ``sequence`` counts the events of one object without gaps, so that a removed event shows. Everything from
    ``recorded_at`` on is written by a trigger and not by the application.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80)
    object_id = models.UUIDField()
    object_label = models.CharField(max_length=300)
    lock_version = models.PositiveIntegerField(null=True)
    project_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=300)
    person_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField()
    sequence = models.PositiveIntegerField(db_default=0)
    recorded_at = models.DateTimeField(db_default=Now())
    database_user = models.CharField(max_length=63, db_default="")
    transaction_id = models.BigIntegerField(db_default=0)
    leaf_hash = DigestField(db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["object_type", "object_id", "sequence"], name="audit_event_object_sequence_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=["person", "service", "system"]),
                name="audit_event_actor_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["project_id", "-id"], name="audit_event_project"),
            models.Index(fields=["object_type", "object_id", "lock_version"], name="audit_event_version"),
            models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
        ]
