"""Models, their versions, and what CI said about a version."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Blob, Governed, Row
from apps.experiments.models import Run
from apps.projects.models import Project
from apps.registry.enums import DEVELOPMENT, Change, CheckStatus


class Model(Governed):
    """A named model of a project; its versions move through stages."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="models")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    retirement_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="registry_model_slug_unique"),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by__isnull=True, retirement_reason="")
                | Q(
                    retired_at__isnull=False,
                    retired_by__isnull=False,
                    retirement_reason__regex=r"\S.{8,}\S",
                ),
                name="registry_model_retired_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Version(Governed):
    """One immutable artifact of a model, and the stage it is in.

    ``stage`` follows the newest transition (table of the app ``gates``): a deferred trigger holds it there, and a
    deferred exclusion constraint admits one version of a model in production (both stand in the migrations).
    """

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=30, default=DEVELOPMENT)
    change = models.CharField(max_length=10, choices=Change, default=Change.MINOR)
    description = models.TextField(blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="versions")
    artifact = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="registry_version_number_unique"),
            models.CheckConstraint(
                condition=Q(change__in=Change.values), name="registry_version_change_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} v{self.number}"


class Check(Row):
    """A named check that a pipeline ran on a version (M8.2); the newest of a name counts."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="checks")
    name = models.SlugField(max_length=60)
    status = models.CharField(max_length=10, choices=CheckStatus)
    summary = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    figures = models.JSONField(default=dict)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CheckStatus.values), name="registry_check_status_known"
            )
        ]
        indexes = [models.Index(fields=["version", "name", "-created_at"], name="registry_check_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.status}"
