"""Experiments, their runs, and what a run logs."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Blob, Governed, Row
from apps.experiments.enums import RunState, Verdict
from apps.projects.models import DatasetVersion, Project


class Experiment(Governed):
    """A hypothesis and the runs that try it (M3.1). ``key`` is EXP-YYYY-MM-DD-NNN."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="experiments")
    key = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    hypothesis = models.TextField(blank=True)
    primary_metric = models.CharField(max_length=60, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.OPEN)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="experiments_experiment_key_unique"),
            models.CheckConstraint(
                condition=Q(key__regex=r"^EXP-\d{4}-\d{2}-\d{2}-\d{3,}$"),
                name="experiments_experiment_key_form",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="experiments_experiment_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"


class Run(Governed):
    """One training: parameters in, metrics and artifacts out."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="runs")
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.RUNNING)
    model_type = models.CharField(max_length=120, blank=True)
    params = models.JSONField(default=dict)
    tags = models.JSONField(default=dict)
    features = models.JSONField(default=list)
    seed = models.BigIntegerField(null=True, blank=True)
    code_commit = models.CharField(max_length=80, blank=True)
    datasets = models.ManyToManyField(DatasetVersion, related_name="runs")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    notes = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="experiments_run_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.RUNNING, ended_at__isnull=True)
                | (~Q(state=RunState.RUNNING) & Q(ended_at__isnull=False)),
                name="experiments_run_ended_when_done",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Metric(Row):
    """One point of a metric; the latest by step, then time, is *the* value of the run."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="metrics")
    name = models.CharField(max_length=250)
    value = models.FloatField()
    step = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "name", "step", "at", "value"], name="experiments_metric_point_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class Artifact(Row):
    """A file of a run under a relative path."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=300)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "path"], name="experiments_artifact_path_unique")
        ]

    def __str__(self) -> str:
        return self.path
