"""What people ask of the trail: verify it now, make an evidence pack."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.assurance.models import EvidencePack
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, denied
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.registry.models import Version


@service
def request_verification(*, by: User) -> Job:
    """Let a worker recompute the whole log; for auditors and administrators."""
    if not (by.is_auditor or by.is_administrator):
        denied("Only an auditor or an administrator can have the whole log verified.").enforce()
    return jobs.enqueue("assurance.verify_log", {}, by=by, subject_url=reverse("portal:audit_site"))


@service
def request_pack(
    project: Project, *, by: User, version: Version | None = None, as_of: datetime | None = None
) -> EvidencePack:
    """Let a worker make the evidence pack of a version as it is, or of the project as it was at ``as_of``."""
    can(by, Right.READ, project).enforce()
    if (version is None) == (as_of is None):
        raise Invalid("Name a version or a moment, and not both.", code="version_or_moment")
    if as_of is not None and as_of > timezone.now():
        raise Invalid("The moment lies in the future. Choose one that has passed.", code="future", field="on")
    pack = EvidencePack.objects.create(project=project, version=version, as_of=as_of, requested_by=by)
    pack.job = jobs.enqueue(
        "assurance.make_pack",
        {"pack": str(pack.pk)},
        by=by,
        project_id=project.pk,
        subject_url=reverse("assurance:packs", args=[project.slug]),
    )
    EvidencePack.objects.filter(pk=pack.pk).update(job=pack.job)
    audit.record("assurance.pack_requested", pack, by=by, project_id=project.pk)
    return pack
