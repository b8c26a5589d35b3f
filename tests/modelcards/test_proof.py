"""A card's PDF carries the proof that asking for it is in the sealed log, and the script verifies it."""

import io

import pytest
from pypdf import PdfReader

from apps.core import blobs
from apps.jobs import running
from apps.modelcards import services as cards
from tests.audit.conftest import seal, sealing
from tests.audit.test_offline import script

__all__ = ["seal", "sealing"]


def rendered(export):
    running.run(export.job_id, worker="test")
    export.refresh_from_db()
    export.job.refresh_from_db()
    assert export.blob_id, export.job.error
    with blobs.open_blob(export.blob_id) as file:
        return PdfReader(io.BytesIO(file.read()))


@pytest.mark.slow
def test_the_proof_is_printed_and_attached(version, dev, seal, sealing, tmp_path):
    export = cards.request_pdf(version, by=dev)
    seal()
    reader = rendered(export)
    (proof,) = reader.attachments["proof.json"]
    path = tmp_path / "proof.json"
    path.write_bytes(proof)
    assert script.main([str(path), f"--key={sealing.verifier}"]) == 0
    assert "signed head" in "".join(page.extract_text() for page in reader.pages)


@pytest.mark.slow
def test_where_nobody_seals_the_card_has_no_proof(version, dev):
    reader = rendered(cards.request_pdf(version, by=dev))
    assert "proof.json" not in reader.attachments
    assert "signed head" not in "".join(page.extract_text() for page in reader.pages)
