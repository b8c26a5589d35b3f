"""PDFs on demand: asked for on a page, made by a worker, kept by the digest of what they say.

The app that owns the thing asks and makes; rights are its own. Each has two kinds of event, ``<kind>_requested`` and
``<kind>_made``, where ``<kind>`` is the kind of the job.
"""

from typing import Any
from uuid import UUID

from django.db.models import Model
from django.http import FileResponse, Http404

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.models import Event
from apps.audit.proofs import proof_file
from apps.audit.sealing import wait_for_seal
from apps.core import blobs
from apps.core.db import service
from apps.core.errors import MlgovError
from apps.core.pdf import making
from apps.core.pdf.documents import Document
from apps.jobs import services as jobs
from apps.jobs.models import Printout
from apps.jobs.running import RunningJob


def printout_of(kind: str, subject: Model, content_digest: str) -> Printout | None:
    """Return the PDF of a thing as it stands now, made or being made; None where nobody asked for it."""
    found = Printout.objects.filter(kind=kind, subject=subject.pk, content_digest=content_digest)
    return found.select_related("job").first()


def was_ordered(kind: str, subject: Model) -> bool:
    """Tell whether somebody asked for a PDF of a thing, as it was then or is now."""
    return Printout.objects.filter(kind=kind, subject=subject.pk).exists()


def file_of(printout: Printout | None, *, name: str) -> FileResponse:
    """Return the answer that sends a PDF; raises Http404 until it was asked for and made."""
    if printout is None or printout.blob_id is None:
        raise Http404
    return blobs.download(printout.blob_id, name=name, media_type="application/pdf")


@service
def order(
    kind: str, subject: Model, *, content_digest: str, by: User, project_id: UUID, url: str
) -> Printout:
    """Let a worker make the PDF unless it is there or on its way; whether ``by`` may is for the caller to ask."""
    rows = Printout.objects.select_for_update(of=("self",)).select_related("job")
    made = rows.filter(kind=kind, subject=subject.pk, content_digest=content_digest).first()
    if made is not None and made.is_settled:
        return made
    if made is None:
        made = Printout.objects.create(
            kind=kind, subject=subject.pk, content_digest=content_digest, requested_by=by
        )
    made.job = jobs.enqueue(kind, {"printout": str(made.pk)}, by=by, project_id=project_id, subject_url=url)
    Printout.objects.filter(pk=made.pk).update(job=made.job)
    audit.record(f"{kind}_requested", made, by=by, project_id=project_id, of=str(subject))
    return made


def begun(job: RunningJob) -> Printout:
    """Return what a job is to make."""
    job.progress(0.2, "gathering what it says")
    return Printout.objects.get(pk=job.args["printout"])


def demand_same(printout: Printout, content_digest: str) -> None:
    """Raise MlgovError where the content is another one by now: the PDF would not be what was asked for."""
    if content_digest != printout.content_digest:
        raise MlgovError(
            "What is to be printed changed after the PDF was asked for. Ask for it again.",
            code="changed_meanwhile",
        )


def proof_of(printout: Printout) -> dict[str, Any] | None:
    """Return the proof that asking for the PDF is in the sealed log; None where nobody seals."""
    asked = Event.objects.filter(object_id=printout.pk, object_type=printout._meta.label_lower)
    event = asked.filter(kind=f"{printout.kind}_requested").latest("id")
    return proof_file(event) if wait_for_seal(event) else None


def finish(job: RunningJob, printout: Printout, document: Document, *, reason: str, of: str) -> None:
    """Lay the document out, keep the file, and end the job with its record."""
    job.progress(0.4, "laying out pages")
    blob = making.kept(document, reason=reason, watch=job.check)
    with job.completing({"blob": blob.digest}):
        Printout.objects.filter(pk=printout.pk).update(blob=blob)
        audit.record(
            f"{printout.kind}_made",
            printout,
            by=job.started_by,
            project_id=job.project_id,
            of=of,
            blob=blob.digest,
        )
