"""Every PDF is PDF/A-3a and PDF/UA-1 in one file: veraPDF says so, of bad files too that they are bad."""

import io

import pytest
from pypdf import PdfWriter

from apps.assurance import indexing
from apps.core.pdf import making, signing
from apps.core.pdf.documents import Attachment, Relationship
from apps.evaluations.printing import document_of as validation_report
from apps.modelcards.content import assemble
from apps.modelcards.printing import document_of
from tests.cast import evaluate
from tests.core.pdf import samples
from tests.core.pdf.conftest import verdicts

ATTACHED = (
    Attachment("card.json", b'{"a": 1}', "application/json", "The card as data"),
    Attachment("bom.json", b'{"b": 2}', "application/vnd.cyclonedx+json", "The bill", Relationship.SOURCE),
    Attachment("rows.csv", b"a,b\n1,2\n", "text/csv", "All rows", Relationship.SUPPLEMENT),
)
NO_TITLE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


def blank() -> bytes:
    """Return a file that is neither."""
    writer, target = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(target)
    return target.getvalue()


@pytest.mark.slow
@pytest.mark.method("M9.2")
def test_every_kind_of_file_is_pdf_a_and_pdf_ua_at_once(version, dev, render, certificate, tmp_path):
    evaluation = evaluate(version, by=dev)
    with_attachments = render(samples.contents(), attachments=ATTACHED)
    files = {
        "card": making.rendered(document_of(assemble(version), proof={"index": 1, "size": 2, "head": "x"})),
        "validation": making.rendered(validation_report(evaluation, proof=None)),
        "approval": render(samples.approval()),
        "index": making.rendered(indexing.document_of(samples.pack(), dated="2026-11-26T08:00:00Z")),
        "written": render(samples.written()),
        "drawn": render(samples.drawn(rows=60)),
        "attached": with_attachments,
        "signed": signing.signed(with_attachments, reason="test"),
        "chart without a title": render(samples.page(NO_TITLE)),
        "blank": blank(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = verdicts([tmp_path / name for name in files])
    for name in ("card", "validation", "approval", "index", "written", "drawn", "attached", "signed"):
        assert (found[name, "3a"], found[name, "ua1"]) == ("pass", "pass"), name
    assert found["chart without a title", "ua1"].startswith("fail 7.3-1")
    assert found["blank", "3a"].startswith("fail")
    assert found["blank", "ua1"].startswith("fail")
