"""Scores of a version on the policy's quality rubric (M11.1)."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Governed, Row
from apps.policies.models import Revision
from apps.registry.models import Version


class Scorecard(Governed):
    """The rubric of one version, with the suggestion that a worker computed from its evidence."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="scorecard")
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    suggestion = models.JSONField(default=dict)

    def __str__(self) -> str:
        return "rubric"


class Score(Row):
    """The level 0–5 that a person gave to a dimension; a new score is a new row, the newest counts."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="scores")
    dimension = models.SlugField(max_length=60)
    level = models.PositiveSmallIntegerField()
    suggested = models.PositiveSmallIntegerField(null=True)
    comment = models.TextField(blank=True)
    scored_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(level__lte=5), name="rubrics_score_level_max_5")]
        indexes = [
            models.Index(fields=["scorecard", "dimension", "-created_at"], name="rubrics_score_newest")
        ]

    def __str__(self) -> str:
        return f"{self.dimension}: {self.level}"
