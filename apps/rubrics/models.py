"""Scores of a version on the policy's quality rubric (M11.1)."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import DIGEST_PATTERN, DigestField, Governed, Row
from apps.policies.models import Revision
from apps.registry.models import Version


class Scorecard(Governed):
    """The rubric of one version, with the suggestion that a worker computed from its evidence.

    In a ``blind`` round reviewers score unseen by each other, and only the levels in ``agreed`` count (dimension ->
    level); they come when all have finished. A new round sets the ones before aside.
    """

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="scorecard")
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    suggestion = models.JSONField(default=dict)
    round = models.PositiveSmallIntegerField(default=1)
    blind = models.BooleanField(default=False)
    revealed_at = models.DateTimeField(null=True)
    agreed = models.JSONField(default=dict)

    def __str__(self) -> str:
        return "rubric"


class Score(Row):
    """The level 0–5 that a person gave to a dimension; a new score is a new row, the newest counts."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="scores")
    dimension = models.SlugField(max_length=60)
    level = models.PositiveSmallIntegerField()
    suggested = models.PositiveSmallIntegerField(null=True)
    comment = models.TextField(blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    scored_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(level__lte=5), name="rubrics_score_level_max_5")]
        indexes = [
            models.Index(fields=["scorecard", "dimension", "-created_at"], name="rubrics_score_newest")
        ]

    def __str__(self) -> str:
        return f"{self.dimension}: {self.level}"


class Consensus(Row):
    """The level that was agreed on where blind scores differ, with the reason."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="consensus")
    dimension = models.SlugField(max_length=60)
    round = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    reason = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__lte=5), name="rubrics_consensus_level_max_5"),
            models.CheckConstraint(condition=Q(reason__regex=r"\S.{8,}\S"), name="rubrics_consensus_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension}: {self.level} agreed"


class Suggestion(Row):
    """What the evidence suggested at one time: the level of each dimension, and the total of 100."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="suggestions")
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    evidence_digest = DigestField()
    levels = models.JSONField()
    total = models.FloatField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(evidence_digest__regex=DIGEST_PATTERN), name="rubrics_suggestion_digest_form"
            )
        ]
        indexes = [models.Index(fields=["scorecard", "-created_at"], name="rubrics_suggestion_newest")]

    def __str__(self) -> str:
        return f"suggestion {self.total}"
