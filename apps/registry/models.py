"""Models, their versions, and what CI said about a version."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import DIGEST_PATTERN, Blob, DigestField, Governed, Row
from apps.experiments.models import LoggedModel, Run
from apps.projects.models import Project
from apps.registry.enums import DEVELOPMENT, PRODUCTION, Change, CheckSource, CheckStatus


class Model(Governed):
    """A named model of a project; its versions move through stages.

    ``aliases`` are names for versions by their numbers. None of them is production's: that is a stage, behind its gate.
    ``deleted_at`` hides a model, and its versions, from MLflow's clients and frees its name; everything stays.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="models")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=256)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    aliases = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    retirement_reason = models.TextField(blank=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "name"], name="registry_model_by_name")]
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


class VersionQuerySet(models.QuerySet["Version"]):
    def live(self) -> "VersionQuerySet":
        """Leave out what was deleted, by itself or with its model."""
        return self.filter(deleted_at__isnull=True, model__deleted_at__isnull=True)


class Version(Governed):
    """One state of a model: the commit it was built from, the files it consists of, and the stage it is in.

    ``stage`` follows the newest transition (table of the app ``gates``): a deferred trigger holds it there, and a
    deferred exclusion constraint admits one version of a model in production (both stand in the migrations).
    ``source`` and ``run_link`` are what an MLflow client said of where it comes from; its files are the pinned ones.
    """

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=30, default=DEVELOPMENT)
    change = models.CharField(max_length=10, choices=Change, default=Change.MINOR)
    description = models.TextField(blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="versions")
    logged_model = models.ForeignKey(
        LoggedModel, on_delete=models.PROTECT, null=True, related_name="versions"
    )
    commit = models.CharField(max_length=64, blank=True)
    tags = models.JSONField(default=dict)
    source = models.CharField(max_length=500, blank=True)
    run_link = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    deleted_at = models.DateTimeField(null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="registry_version_number_unique"),
            models.CheckConstraint(
                condition=Q(change__in=Change.values), name="registry_version_change_known"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | ~Q(stage=PRODUCTION),
                name="registry_version_production_stays",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} v{self.number}"

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted, by itself or with its model."""
        return self.deleted_at is not None or self.model.deleted_at is not None


class ArtifactQuerySet(models.QuerySet["Artifact"]):
    def pinned(self) -> "ArtifactQuerySet":
        """Return the files that no other has taken the place of, by path."""
        return self.filter(replaced_at__isnull=True).order_by("path")


class Artifact(Row):
    """A file of a version under a path, pinned by its digest. A file that takes its place ends the pin, never the row."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=300)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    pinned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    replaced_at = models.DateTimeField(null=True)

    objects = ArtifactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "path"],
                condition=Q(replaced_at__isnull=True),
                name="registry_artifact_one_pinned",
            )
        ]

    def __str__(self) -> str:
        return self.path


class Scan(Row):
    """What a scanner said of a file's content, once for each content and scanner; append-only."""

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    scanner = models.CharField(max_length=60)
    format = models.CharField(max_length=40)
    danger = models.CharField(max_length=20)
    findings = models.JSONField(default=list)
    header = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blob", "scanner"], name="registry_scan_once")]

    def __str__(self) -> str:
        return f"{self.format}: {self.danger}"


class Check(Row):
    """A named check that a pipeline ran on a version (M8.2); the newest of a name counts.

    ``contents_digest`` is what the version consisted of then: when its commit or files change, the check expires.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="checks")
    name = models.SlugField(max_length=60)
    status = models.CharField(max_length=10, choices=CheckStatus)
    summary = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    figures = models.JSONField(default=dict)
    items = models.JSONField(default=list)
    source = models.CharField(max_length=10, choices=CheckSource, default=CheckSource.PIPELINE)
    report = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    contents_digest = DigestField()
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CheckStatus.values), name="registry_check_status_known"
            ),
            models.CheckConstraint(
                condition=Q(source__in=CheckSource.values), name="registry_check_source_known"
            ),
            models.CheckConstraint(
                condition=Q(contents_digest__regex=DIGEST_PATTERN), name="registry_check_contents_form"
            ),
        ]
        indexes = [models.Index(fields=["version", "name", "-created_at"], name="registry_check_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.status}"
