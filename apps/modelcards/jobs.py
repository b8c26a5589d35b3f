"""What a worker does to make a PDF."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.audit import services as audit
from apps.audit.models import Event
from apps.audit.proofs import proof_file
from apps.audit.sealing import wait_for_seal
from apps.core.errors import MlgovError
from apps.core.models import Blob
from apps.core.pdf import making
from apps.jobs.running import RunningJob
from apps.modelcards import sharing
from apps.modelcards.content import CardContent, assemble
from apps.modelcards.enums import CardState
from apps.modelcards.models import CardExport
from apps.modelcards.printing import document_of

_NOT_PUBLISHED = {
    CardState.DRAFT.value: "draft",
    CardState.IN_REVIEW.value: "in review",
    "none": "nothing written",
}


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
    job.progress(0.4, "laying out pages")
    blob = make_pdf(card, proof=_proof_of(export), watch=job.check)
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


def make_pdf(card: CardContent, *, proof: dict[str, Any] | None, watch: Callable[[], None]) -> Blob:
    """Render a card and keep it; ``proof`` of its audit record is printed and attached. ``watch`` may raise to stop."""
    return making.kept(
        document_of(card, proof=proof), reason=reason_of(card.document, card.digest), watch=watch
    )


def reason_of(document: Mapping[str, Any], digest: str) -> str:
    """Return why the organisation signs: for a card that is not published, the signature itself says so."""
    state, since = document["card"]["state"], document["card"]["published_at"]
    if state == CardState.PUBLISHED:
        said = "published" if since else "withdrawn, not published"
    else:
        said = f"{_NOT_PUBLISHED[state]}, not published"
    return f"Model card {digest} ({said})"


def _proof_of(export: CardExport) -> dict[str, Any] | None:
    """Return the proof that asking for this PDF is in the sealed log; None where nobody seals."""
    event = Event.objects.filter(
        object_id=export.pk, object_type=export._meta.label_lower, kind="modelcards.pdf_requested"
    ).latest("id")
    return proof_file(event) if wait_for_seal(event) else None


def keep_links(job: RunningJob) -> dict[str, Any]:
    """Note which public links are over. Comes again by itself (settings.PERIODIC_JOBS)."""
    job.check()
    with job.completing({}) as answer:
        answer["expired"] = sharing.note_expired()
    return answer
