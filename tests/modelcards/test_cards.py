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


def _table(columns, rows, mark=""):
    lines = ["| x" * columns, "|-" * columns, *["x"] * rows]
    return "\n".join(mark + line for line in lines)


@pytest.mark.promise("27")
@pytest.mark.parametrize(
    "text",
    [
        _table(200, 4000),
        _table(200, 2000, "> "),
        "- x\n" + _table(200, 2000, "  "),
        "\n\n".join([_table(100, 36)] * 12),
        "[a](" * 2500,
        f"[a]: </{'b' * 5000}>\n\n{'[a]' * 900}",
        f'[a]: /x "{"b" * 5000}"\n\n{"[a]" * 900}',
    ],
)
def test_markdown_that_would_grow_is_shown_as_its_source(text):
    html = render(text)
    assert "Here is its source" in html
    assert "<table" not in html
    assert len(html) < 2 * len(text) + 200


def test_a_long_table_is_a_table():
    text = _table(4, 400).replace("\nx", "\n|a|b|c|[d](/d)")
    assert render(text).count("<td>") == 1600


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
