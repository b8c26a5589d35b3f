"""Experiments, their runs, and what a run logs."""

import math
from typing import Any, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import MD5

from apps.accounts.models import User
from apps.core.models import Blob, Governed, Row
from apps.experiments.enums import GIVEN, OPEN_RUN, DataKind, ModelState, ModelUse, RunState, Verdict
from apps.projects.models import DatasetVersion, Project

#: The identity column counts by itself; the expression says so to Django.
_COUNTED = models.Func(
    models.Func(Value("experiments_experiment"), Value("number"), function="pg_get_serial_sequence"),
    function="nextval",
)


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    def active(self) -> "ExperimentQuerySet":
        """Leave out what was deleted."""
        return self.filter(deleted_at__isnull=True)


class Experiment(Governed):
    """A hypothesis and the runs that try it (M3.1). ``key`` is EXP-YYYY-MM-DD-NNN.

    ``baseline`` is the primary metric of what a model must beat, on that metric's scale, and never without its source.
    ``number`` counts the experiments of all projects; MLflow's clients name an experiment by it.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="experiments")
    key = models.CharField(max_length=30)
    number = models.BigIntegerField(unique=True, editable=False, db_default=_COUNTED)
    is_default = models.BooleanField(default=False, editable=False)
    name = models.CharField(max_length=500)
    hypothesis = models.TextField(blank=True)
    primary_metric = models.CharField(max_length=60, blank=True)
    higher_is_better = models.BooleanField(default=True)
    secondary_metrics = models.JSONField(default=list)
    baseline = models.FloatField(null=True)
    baseline_source = models.CharField(max_length=300, blank=True)
    data_kind = models.CharField(max_length=20, choices=DataKind, default=DataKind.TABULAR)
    notes = models.TextField(blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.OPEN)
    tags = models.JSONField(default=dict)
    deleted_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="experiments_experiment_key_unique"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(is_default=True), name="experiments_experiment_one_default"
            ),
            models.CheckConstraint(
                condition=Q(key__regex=r"^EXP-\d{4}-\d{2}-\d{2}-\d{3,}$"),
                name="experiments_experiment_key_form",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="experiments_experiment_verdict_known"
            ),
            models.CheckConstraint(
                condition=Q(data_kind__in=DataKind.values), name="experiments_experiment_data_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(baseline__isnull=True) | Q(baseline_source__regex=r"\S"),
                name="experiments_experiment_baseline_has_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"


class GivenVerdict(Row):
    """What a person decided about an experiment, and why; the newest is in force."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="verdicts")
    verdict = models.CharField(max_length=20, choices=Verdict)
    reason = models.TextField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=[str(one) for one in GIVEN]), name="experiments_givenverdict_known"
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S.{8,}\S"), name="experiments_givenverdict_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason[:60]}"


class RunQuerySet(models.QuerySet["Run"]):
    def active(self) -> "RunQuerySet":
        """Leave out what was deleted, by itself or with its experiment."""
        return self.filter(deleted_at__isnull=True, experiment__deleted_at__isnull=True)


class Run(Governed):
    """One training: parameters in, metrics and artifacts out.

    While it runs, ``params`` and ``tags`` may grow without a step of ``lock_version`` (a trigger holds what else may
    not change); from its end on every change is one.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="runs")
    name = models.CharField(max_length=250)
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
    deleted_at = models.DateTimeField(null=True)
    notes = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="experiments_run_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[str(one) for one in OPEN_RUN], ended_at__isnull=True)
                | (~Q(state__in=[str(one) for one in OPEN_RUN]) & Q(ended_at__isnull=False)),
                name="experiments_run_ended_when_done",
            ),
        ]

    @property
    def training_seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None

    def __str__(self) -> str:
        return self.name


class RunInput(Row):
    """A dataset as a run's client described it; ``schema`` and ``profile`` are its own JSON. Append-only.

    Its digest is whatever the client computes, so that it proves nothing: what proves is a ``DatasetVersion``.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="inputs")
    name = models.CharField(max_length=500)
    digest = models.CharField(max_length=36)
    source_type = models.CharField(max_length=36)
    source = models.TextField()
    schema = models.TextField(blank=True)
    profile = models.TextField(blank=True)
    tags = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "name", "digest"], name="experiments_runinput_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.digest})"


class MeasuredQuerySet(models.QuerySet[Any]):
    def finite(self) -> Self:
        """Leave out NaN and infinities: they are kept, and nothing is judged, drawn or sorted by them.

        PostgreSQL holds NaN for greater than every number.
        """
        return self.filter(value__gt=-math.inf, value__lt=math.inf)


class Metric(Row):
    """One point of a metric; the latest by step, then time, is *the* value of the run."""

    # The constraint below has the points of a run together: an index of the run alone would only be written.
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="metrics", db_index=False)
    name = models.CharField(max_length=250)
    value = models.FloatField()
    step = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    objects = MeasuredQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "name", "step", "at", "value"], name="experiments_metric_point_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class RunMetric(models.Model):
    """The value of a metric of a run, kept by the database from its points so that runs sort by it.

    A trigger of ``Metric`` writes it; no role of the product does.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="values", db_index=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="+", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=250)
    value = models.FloatField()
    step = models.BigIntegerField()
    at = models.DateTimeField()

    objects = MeasuredQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="experiments_runmetric_once")]
        indexes = [
            models.Index(fields=["experiment", "name", "value", "run"], name="experiments_runmetric_by_exp"),
            models.Index(fields=["project", "name", "value", "run"], name="experiments_runmetric_by_proj"),
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class ArtifactQuerySet(models.QuerySet["Artifact"]):
    def standing(self) -> "ArtifactQuerySet":
        """Leave out what was replaced or removed."""
        return self.filter(end__isnull=True)


class Artifact(Row):
    """A file of a run under a relative path; one of a path stands. Append-only."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=300)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["run", "path"], name="experiments_artifact_by_path")]

    def __str__(self) -> str:
        return self.path


class ArtifactEnd(Row):
    """Says that a file no longer stands, because another took its place or somebody removed it. Append-only."""

    artifact = models.OneToOneField(Artifact, on_delete=models.PROTECT, related_name="end")
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.artifact.path


class LoggedModelQuerySet(models.QuerySet["LoggedModel"]):
    def active(self) -> "LoggedModelQuerySet":
        """Leave out what was deleted, by itself or with its experiment."""
        return self.filter(deleted_at__isnull=True, experiment__deleted_at__isnull=True)


class LoggedModel(Governed):
    """A model as a client of MLflow 3 logs it: to an experiment, by a run or by none; versions may come from it."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="logged_models")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="logged_models")
    name = models.CharField(max_length=500)
    model_type = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=20, choices=ModelState, default=ModelState.PENDING)
    params = models.JSONField(default=dict)
    tags = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    deleted_at = models.DateTimeField(null=True)

    objects = LoggedModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ModelState.values), name="experiments_loggedmodel_state_known"
            )
        ]

    @property
    def key(self) -> str:
        """The id by which clients name it."""
        return f"m-{self.pk.hex}"

    def __str__(self) -> str:
        return self.name


class ModelFile(Row):
    """A file of a logged model under a relative path; append-only."""

    model = models.ForeignKey(LoggedModel, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=300)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "path"], name="experiments_modelfile_path_once")
        ]

    def __str__(self) -> str:
        return self.path


class ModelMetric(Row):
    """A point of a metric that a run measured of a logged model, and on which data by its client; append-only."""

    model = models.ForeignKey(LoggedModel, on_delete=models.PROTECT, related_name="metrics", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=250)
    value = models.FloatField()
    step = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    dataset_name = models.CharField(max_length=500, blank=True)
    dataset_digest = models.CharField(max_length=36, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "model",
                "name",
                "run",
                "step",
                "at",
                "value",
                # As it is, it would be longer than an entry of an index may be.
                MD5("dataset_name"),
                "dataset_digest",
                name="experiments_modelmetric_point_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class RunModel(Row):
    """That a run made a logged model at a step, or read it; append-only."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="used_models")
    model = models.ForeignKey(LoggedModel, on_delete=models.PROTECT, related_name="used_by")
    use = models.CharField(max_length=10, choices=ModelUse)
    step = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "model", "use"], name="experiments_runmodel_once"),
            models.CheckConstraint(
                condition=Q(use__in=ModelUse.values), name="experiments_runmodel_use_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.use} {self.model_id}"
