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
            models.Index(fields=["transaction_id"], name="audit_event_transaction"),
        ]


class Leaf(models.Model):
    """Where an event stands in the tree. The sealer numbers them in the order in which it finds them committed.

    No foreign key: a seal must outlive the event that somebody removed, to show it.
    """

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    leaf_hash = models.BinaryField()


class Node(models.Model):
    """The hash of a complete subtree of 256, 65,536, … leaves, so that a proof reads hundreds of rows and not all."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()


class Seal(models.Model):
    """A signed head of the tree: so many leaves, this root."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    verifier_key = models.CharField(max_length=300)
    sealed_at = models.DateTimeField(db_default=Now())


class Verification(models.Model):
    """What a recomputation of the whole log found; the report is the one of ``manage.py audit verify``."""

    id = models.BigAutoField(primary_key=True)
    ok = models.BooleanField()
    size = models.BigIntegerField()
    report = models.JSONField()
    verified_at = models.DateTimeField(db_default=Now())
