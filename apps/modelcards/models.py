"""Model cards: what people write about a version; the rest is filled from evidence when the card is shown."""

from django.db import models

from apps.accounts.models import User
from apps.core.models import Blob, DigestField, Governed, Row
from apps.jobs.models import Job
from apps.registry.models import Version


class Card(Governed):
    """The written part of a version's model card (M9.2): Markdown by field key."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="card")
    fields = models.JSONField(default=dict)

    def __str__(self) -> str:
        return "model card"


class CardExport(Row):
    """A PDF made of a card; the same content is rendered once."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="card_exports")
    content_digest = DigestField()
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "content_digest"], name="modelcards_cardexport_once")
        ]

    def __str__(self) -> str:
        return f"card PDF {self.content_digest[:12]}"
