"""Model cards: what people write about a version; the rest is filled from evidence when the card is shown."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Reauthentication, User
from apps.core.models import DIGEST_PATTERN, Blob, DigestField, Governed, Row
from apps.jobs.models import Job
from apps.modelcards.enums import CardState, Step
from apps.projects.models import Project
from apps.registry.models import Version


class Card(Governed):
    """The written part of a version's model card (M9.2): Markdown by field key.

    ``written`` says of each text where it comes from: {key: {"by", "by_id", "at", "kind", "source", "evidence"}}, where
    ``kind`` is one of ``Origin`` and ``evidence`` the digest of what was known of the version then (basis.py). A text of an
    earlier card also has ``published``: whether a publication that stood held it.
    """

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="card")
    fields = models.JSONField(default=dict)
    written = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=CardState, default=CardState.DRAFT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CardState.values), name="modelcards_card_state_known"
            )
        ]

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


class CardRevision(Row):
    """The whole written part as somebody saved it; ``card_version`` is the card's ``lock_version`` of then."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    card_version = models.PositiveIntegerField()
    fields = models.JSONField()
    written = models.JSONField()
    changed = models.JSONField(default=list)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="modelcards_cardrevision_number_once"),
            models.UniqueConstraint(
                fields=["card", "card_version"], name="modelcards_cardrevision_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of the model card"


class CardStep(Row):
    """A card went from one state to another: who did it, at which revision, and why."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=20, choices=Step)
    revision = models.ForeignKey(CardRevision, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(step__in=Step.values), name="modelcards_cardstep_known"),
            models.CheckConstraint(
                condition=~Q(step=Step.SENT_BACK) | Q(reason__regex=r"\S.{8,}\S"),
                name="modelcards_cardstep_sent_back_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.revision}"


class Publication(Row):
    """What readers are shown as published: a revision with the figures of that day, signed by a second person.

    ``content`` is canonical JSON whose SHA-256 is ``content_digest``; ``evidence_digest`` is that of all that was known of
    the version, ``basis_digest`` that of the same without the card itself.
    """

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="publications")
    number = models.PositiveIntegerField()
    revision = models.ForeignKey(CardRevision, on_delete=models.PROTECT, related_name="publications")
    card_version = models.PositiveIntegerField()
    content = models.JSONField()
    content_digest = DigestField()
    evidence_digest = DigestField()
    basis_digest = DigestField()
    meaning = models.TextField()
    role = models.CharField(max_length=20)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reauthentication = models.OneToOneField(Reauthentication, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="modelcards_publication_number_once"),
            models.UniqueConstraint(
                fields=["card", "card_version"], name="modelcards_publication_version_once"
            ),
            models.CheckConstraint(
                condition=Q(meaning__regex=r"\S.{8,}\S"), name="modelcards_publication_has_meaning"
            ),
            models.CheckConstraint(
                condition=Q(content_digest__regex=DIGEST_PATTERN)
                & Q(evidence_digest__regex=DIGEST_PATTERN)
                & Q(basis_digest__regex=DIGEST_PATTERN),
                name="modelcards_publication_digests",
            ),
        ]

    def __str__(self) -> str:
        return f"publication {self.number} of the model card"


class Withdrawal(Row):
    """A publication is no longer shown as published, and why."""

    publication = models.OneToOneField(Publication, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S.{8,}\S"), name="modelcards_withdrawal_has_reason"
            )
        ]

    def __str__(self) -> str:
        return f"withdrawal of {self.publication_id}"


class Comment(Row):
    """What somebody says about a field of a card, or answers to who did. It does not change."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="card_comments")
    field = models.CharField(max_length=60)
    text = models.TextField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answers = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replies")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="modelcards_comment_says_something"),
            models.CheckConstraint(condition=~Q(answers=F("id")), name="modelcards_comment_answers_another"),
        ]

    def __str__(self) -> str:
        return "comment on the model card"


class CommentResolution(Row):
    """A comment is settled; it stays to be read, folded."""

    comment = models.OneToOneField(Comment, on_delete=models.PROTECT, related_name="resolution")
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"resolution of {self.comment_id}"


class CardDefaults(Governed):
    """Texts with which a project's new cards begin: Markdown by field key."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="card_defaults")
    fields = models.JSONField(default=dict)

    def __str__(self) -> str:
        return "defaults of model cards"


class PublicLink(Governed):
    """An address by which people without an account read the published card. Only the SHA-256 of its secret is kept."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="links")
    secret_digest = DigestField(unique=True)
    note = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    #: When the portal noted that its time was over; the time itself is ``expires_at``.
    expiry_noted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(secret_digest__regex=DIGEST_PATTERN), name="modelcards_publiclink_digest"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="modelcards_publiclink_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="modelcards_publiclink_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"public link “{self.note}”"
