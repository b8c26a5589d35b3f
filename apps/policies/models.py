"""Policy packs and their revisions. A revision never changes; a new text is a new revision."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.models import DIGEST_PATTERN, DigestField, Row


class Pack(Row):
    """A named policy, of which projects follow one revision each."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.title


class Revision(Row):
    """One numbered, content-hashed state of a pack; append-only."""

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content_hash = DigestField()
    source = models.TextField()
    document = models.JSONField()
    note = models.TextField(blank=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="policies_revision_number_unique"),
            models.UniqueConstraint(fields=["pack", "content_hash"], name="policies_revision_content_unique"),
            models.CheckConstraint(
                condition=Q(content_hash__regex=DIGEST_PATTERN), name="policies_revision_hash_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack.title} revision {self.number}"


class AllowedTransition(models.Model):
    """A move between stages that a revision allows; every move of a version points at one."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="transitions")
    from_stage = models.CharField(max_length=30)
    to_stage = models.CharField(max_length=30)
    kind = models.CharField(max_length=20)
    gate_key = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "from_stage", "to_stage"], name="policies_transition_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} to {self.to_stage}"
