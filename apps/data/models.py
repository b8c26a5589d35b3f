"""What is known of a project's data: assessments and profiles of sources, features, and checks for leakage."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Blob, Governed, Row
from apps.projects.models import DataSource, Project

DIMENSIONS = DataSource.DIMENSIONS


class Profile(Row):
    """What a sample of a source holds, as a worker computed it (M2.1). ``report`` is the engine's."""

    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="profiles")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)
    target = models.CharField(max_length=250, blank=True)
    report = models.JSONField()
    job_id = models.UUIDField()
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"profile of {self.source}"


class Assessment(Row):
    """One scoring of a source on six dimensions of 0–5 by a person (M2.1); ``proposed`` is what the profile proposed."""

    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="assessments")
    completeness = models.PositiveSmallIntegerField()
    accuracy = models.PositiveSmallIntegerField()
    consistency = models.PositiveSmallIntegerField()
    timeliness = models.PositiveSmallIntegerField()
    relevance = models.PositiveSmallIntegerField()
    volume = models.PositiveSmallIntegerField()
    note = models.TextField(blank=True)
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, null=True, related_name="assessments")
    proposed = models.JSONField(default=dict)
    assessed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(**{f"{name}__lte": 5}), name=f"data_assessment_{name}_max_5")
            for name in ("completeness", "accuracy", "consistency", "timeliness", "relevance", "volume")
        ]
        indexes = [models.Index(fields=["source", "-created_at"], name="data_assessment_by_time")]

    def __str__(self) -> str:
        return f"{self.score} of 30 for {self.source}"

    @property
    def score(self) -> int:
        """The sum of the six scores, 0–30."""
        return sum(getattr(self, name) for name in DIMENSIONS)


class Feature(Governed):
    """A feature that models of a project may use, by a name of the project's form (M2.3)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="features")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    data_type = models.CharField(max_length=60)
    source_table = models.CharField(max_length=200, blank=True)
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, null=True, related_name="features")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    known_issues = models.TextField(blank=True)
    offline_storage = models.CharField(max_length=200, blank=True)
    offline_compute = models.CharField(max_length=200, blank=True)
    offline_refresh = models.CharField(max_length=60, blank=True)
    online_storage = models.CharField(max_length=200, blank=True)
    online_refresh = models.CharField(max_length=60, blank=True)
    online_latency_ms = models.FloatField(
        null=True, help_text="Target of the 99th percentile in milliseconds."
    )
    retired = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="data_feature_name_unique"),
            models.CheckConstraint(
                condition=Q(online_latency_ms__isnull=True) | Q(online_latency_ms__gt=0),
                name="data_feature_latency_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LeakageReport(Row):
    """What a comparison of a train and a test table found (M2.4). ``report`` is the engine's."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="leakage_reports")
    train = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    test = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=250, blank=True)
    time = models.CharField(max_length=250, blank=True)
    target = models.CharField(max_length=250, blank=True)
    report = models.JSONField()
    job_id = models.UUIDField()
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"leakage check of {self.project}"
