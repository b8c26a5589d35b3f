"""Predictions of a version on labelled data, and the reports computed from them."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Blob, DigestField, Governed, Row
from apps.evaluations.enums import EvaluationState
from apps.jobs.models import Job
from apps.projects.enums import DataRole
from apps.registry.models import Version


class PredictionSet(Row):
    """An uploaded table: label, score, and the columns to slice by. ``columns`` says which column is what."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="prediction_sets")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    dataset = models.CharField(max_length=120)
    split = models.CharField(max_length=20, choices=DataRole, default=DataRole.HOLDOUT)
    columns = models.JSONField()
    row_count = models.PositiveBigIntegerField()
    warnings = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(split__in=DataRole.values), name="evaluations_predictionset_split_known"
            )
        ]

    def __str__(self) -> str:
        return f"predictions on {self.dataset}"


class Evaluation(Governed):
    """One report on one prediction set, computed by a worker."""

    prediction_set = models.ForeignKey(PredictionSet, on_delete=models.PROTECT, related_name="evaluations")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="evaluations")
    state = models.CharField(max_length=20, choices=EvaluationState, default=EvaluationState.QUEUED)
    config = models.JSONField(default=dict)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    report = models.JSONField(null=True)
    report_digest = DigestField(blank=True, default="")
    engine_version = models.CharField(max_length=20, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=EvaluationState.values), name="evaluations_evaluation_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=EvaluationState.COMPLETE)
                | Q(report__isnull=False, completed_at__isnull=False, report_digest__regex=r"^[0-9a-f]{64}$"),
                name="evaluations_evaluation_complete_has_report",
            ),
        ]
        indexes = [models.Index(fields=["version", "state", "-completed_at"], name="evaluations_newest")]

    def __str__(self) -> str:
        return f"evaluation of {self.version}"
