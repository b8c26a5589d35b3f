"""Policy packs, drafts and revisions. A revision never changes; a new text is a new revision."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import Reauthentication, User
from apps.core.models import DIGEST_PATTERN, DigestField, Governed, Row
from apps.policies.enums import DraftState, Origin


class Pack(Row):
    """A named policy, of which projects follow one revision each."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.title


class Draft(Governed):
    """A text that may become the next revision of a pack. It may have faults until it is proposed.

    ``author`` is None for one that a command on the server read from Git. The text of a proposed draft is fixed.
    """

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, null=True, related_name="drafts")
    base = models.ForeignKey("Revision", on_delete=models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=120)
    source = models.TextField()
    state = models.CharField(max_length=20, choices=DraftState, default=DraftState.DRAFT)
    origin = models.CharField(max_length=20, choices=Origin, default=Origin.EDITOR)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    #: Of a draft from Git: the full id of the commit, the file in it, and who committed it by Git's word.
    commit = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=300, blank=True)
    committed_by = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    remark = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DraftState.values), name="policies_draft_state_known"
            ),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="policies_draft_origin_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[DraftState.PROPOSED, DraftState.PUBLISHED])
                | Q(proposed_by__isnull=False, proposed_at__isnull=False, reason__regex=r"\S.{8,}\S"),
                name="policies_draft_proposed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Revision(Row):
    """One numbered, content-hashed state of a pack; append-only.

    A person publishes what another person proposed; ``published_by`` is None for what the server itself loaded.
    The content of an older revision may come again: that is how one goes back.
    """

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content_hash = DigestField()
    source = models.TextField()
    document = models.JSONField()
    note = models.TextField(blank=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(db_default=Now())
    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, null=True, related_name="revision")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reauthentication = models.OneToOneField(
        Reauthentication, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="policies_revision_number_unique"),
            models.CheckConstraint(
                condition=~Q(published_by=F("proposed_by")), name="policies_revision_two_people"
            ),
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
