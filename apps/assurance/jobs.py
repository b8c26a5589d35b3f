"""What a worker does: verify the whole log, make an evidence pack."""

import io
import os
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import User
from apps.assurance.models import EvidencePack
from apps.assurance.notices import HEAD
from apps.assurance.packing import files_of, zip_of
from apps.audit import notes
from apps.audit import services as audit
from apps.audit.models import Event
from apps.audit.proofs import newest_seal
from apps.audit.sealing import wait_for_seal
from apps.audit.verifying import verify
from apps.core import blobs
from apps.jobs.models import Job
from apps.jobs.running import RunningJob
from apps.notifications.services import call_webhooks
from apps.projects.permissions import may_see_project

LARGEST_PACK = 500 * 1024 * 1024


def authorise_verify_log(args: dict[str, Any], user: User) -> bool:
    """Whoever reads the whole trail may have it verified."""
    return user.is_auditor or user.is_administrator


def verify_log(job: RunningJob) -> None:
    """Recompute the log and keep the report."""
    report = verify(
        key=notes.verifier_of(settings.AUDIT_KEY_FILE),
        heads_file=settings.AUDIT_HEADS_FILE,
        workers=min(2, os.cpu_count() or 1) if job.args.get("parallel", True) else 1,
        progress=job.progress,
    )
    with job.completing({"ok": report.ok}):
        audit.note_verification(ok=report.ok, size=report.sealed, report=report.to_json())
        row = Job.objects.get(pk=job.job_id)
        audit.record(
            "assurance.log_verified",
            row,
            by=job.started_by,
            size=report.sealed,
            findings=len(report.findings),
            ok=report.ok,
        )


def tell_head(job: RunningJob) -> None:
    """Send the newest signed head to the webhooks that keep heads outside: what is cut off later is seen by them."""
    seal = newest_seal()
    if seal is None:
        return
    root = bytes(seal.root)
    subject = ("audit.seal", UUID(bytes=root[:16]), f"{seal.size:,} records")
    call_webhooks(
        HEAD, subject, link=reverse("assurance:head"), once=str(seal.size), size=seal.size, note=seal.note
    )


def authorise_make_pack(args: dict[str, Any], user: User) -> bool:
    """Whoever sees the project may take its evidence along."""
    return may_see_project(
        user, EvidencePack.objects.values_list("project_id", flat=True).get(pk=args["pack"])
    )


def make_pack(job: RunningJob) -> None:
    """Gather the files, with proofs under the newest head that covers them, and keep the ZIP."""
    pack = EvidencePack.objects.select_related(
        "project",
        "version__model__project__policy_revision__pack",
        "version__run",
        "version__created_by__owner",
    ).get(pk=job.args["pack"])
    job.progress(0.1, "waiting for the newest records to be sealed")
    newest = Event.objects.filter(project_id=pack.project_id).order_by("-id").first()
    if newest is not None:
        wait_for_seal(newest)
    job.progress(0.3, "gathering evidence and proofs")
    content = zip_of(files_of(pack, seal=newest_seal(), watch=job.check))
    job.progress(0.9, "keeping the pack")
    blob = blobs.store(io.BytesIO(content), max_bytes=LARGEST_PACK, media_type="application/zip")
    with job.completing({"blob": blob.digest}):
        EvidencePack.objects.filter(pk=pack.pk).update(blob=blob)
        audit.record(
            "assurance.pack_made", pack, by=job.started_by, project_id=pack.project_id, blob=blob.digest
        )
