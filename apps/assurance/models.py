"""Evidence packs that were asked for."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Blob, Row
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.registry.models import Version


class EvidencePack(Row):
    """A ZIP for one version as it is, or for a project as it was at a moment."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="evidence_packs")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="evidence_packs")
    as_of = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(version__isnull=False, as_of__isnull=True)
                | Q(version__isnull=True, as_of__isnull=False),
                name="assurance_evidencepack_of_one",
            )
        ]

    def __str__(self) -> str:
        of = str(self.version) if self.version else f"the project at {self.as_of:%Y-%m-%d %H:%M}"
        return f"evidence pack of {of}"

    @property
    def file_name(self) -> str:
        """What the download is called."""
        of = f"{self.version.model.slug}-v{self.version.number}" if self.version else f"{self.as_of:%Y-%m-%d}"
        return f"evidence-{self.project.slug}-{of}.zip"
