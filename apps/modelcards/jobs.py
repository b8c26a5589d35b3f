"""What a worker does to make a PDF."""

import tempfile
from pathlib import Path

from django.template.loader import render_to_string

from apps.audit import services as audit
from apps.core import blobs, sandbox
from apps.core.errors import MlgovError
from apps.jobs.running import RunningJob
from apps.modelcards.content import assemble
from apps.modelcards.models import CardExport

LIMITS = {"memory_mb": 2500, "cpu_seconds": 60, "wall_seconds": 90}
LARGEST_PDF = 50 * 1024 * 1024


def render_pdf(job: RunningJob) -> None:
    """Render the card of an export; refuses when the card changed meanwhile, for then it would lie."""
    export = CardExport.objects.select_related(
        "version__model__project__policy_revision", "version__run"
    ).get(pk=job.args["export"])
    job.progress(0.2, "assembling the card")
    card = assemble(export.version)
    if card.digest != export.content_digest:
        raise MlgovError(
            "The card changed after the PDF was asked for. Ask for it again.", code="changed_meanwhile"
        )
    html = render_to_string("modelcards/pdf.html", {"card": card, "digest": card.digest})
    job.progress(0.4, "laying out pages")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.pdf"
        payload = {"html": html, "path": str(path), "identifier": card.digest[:32]}
        sandbox.call("apps.modelcards.pdf:render", payload, watch=job.check, **LIMITS)
        with path.open("rb") as file:
            blob = blobs.store(file, max_bytes=LARGEST_PDF, media_type="application/pdf")
    with job.completing({"blob": blob.digest}):
        CardExport.objects.filter(pk=export.pk).update(blob=blob)
        audit.record(
            "modelcards.pdf_rendered",
            export,
            by=job.started_by,
            project_id=job.project_id,
            version=str(export.version),
            blob=blob.digest,
        )
