"""What people write on a card is text, never code; the PDF of a card is the same twice."""

import io
import subprocess

import pytest
from pypdf import PdfReader

from apps.core.markdown import render
from apps.core.pdf import making
from apps.modelcards.content import assemble
from apps.modelcards.printing import document_of

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>)",
    "![x](http://example.com/track.png)",
    '<style>@import "http://example.com"</style>',
    "<a href='x' onclick='y'>z</a>",
    "<svg onload=alert(1)>",
    "{{ secret }}",
]


@pytest.mark.promise("27")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_is_text(text):
    html = render(text)
    for sign in ("<script", "<img", "<svg", "<style", 'href="javascript', 'href="data'):
        assert sign not in html
    assert " on" not in html.split("&lt;")[0]


@pytest.mark.method("M9.2")
def test_the_pdf_of_a_card_is_text_with_its_digest_on_every_page_and_the_same_twice(version):
    document = document_of(assemble(version), proof=None)
    content = making.rendered(document)
    assert content == making.rendered(document_of(assemble(version), proof=None))
    found = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    text = found.stdout.decode()
    assert text.lstrip().startswith("Model card")
    assert document.identifier in text.replace("\n", "").replace(" ", "")
    assert f"page 1 of {len(PdfReader(io.BytesIO(content)).pages)}" in text
