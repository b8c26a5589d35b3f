"""What people write on a card is text, never code; the PDF fetches nothing and is the same twice."""

import io
import subprocess

import pytest
from pypdf import PdfReader

from apps.core.markdown import render
from apps.modelcards import pdf

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


def pdf_of(html: str, tmp_path, name="a.pdf") -> bytes:
    path = tmp_path / name
    pdf.render({"html": html, "path": str(path), "identifier": "ab" * 16})
    return path.read_bytes()


def test_the_same_card_gives_the_same_bytes(tmp_path):
    html = "<html lang=en><title>T</title><h1>Card</h1><p>Text</p></html>"
    assert pdf_of(html, tmp_path) == pdf_of(html, tmp_path, "b.pdf")


@pytest.mark.method("M9.2")
def test_text_is_text_in_the_pdf(tmp_path):
    content = pdf_of("<html lang=en><title>T</title><h1>Intended use</h1></html>", tmp_path)
    assert "Intended use" in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    found = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout
    assert found.startswith(b"Intended use")


def test_the_style_sheet_is_heard(tmp_path):
    """Pages are numbered, and text has the type that the sheet asks for, not the engine's own."""
    content = pdf_of("<html lang=en><title>T</title><h1>Intended use</h1><p>Text.</p></html>", tmp_path)
    assert "page 1 of 1" in PdfReader(io.BytesIO(content)).pages[0].extract_text()
    fonts = subprocess.run(["pdffonts", "-"], input=content, capture_output=True, check=True).stdout
    assert b"Sans" in fonts
    assert b"Serif" not in fonts


@pytest.mark.promise("24")
@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://169.254.169.254/", "/etc/passwd", "ftp://x/y"]
)
def test_the_pdf_fetches_nothing(tmp_path, address):
    with pytest.raises(pdf.RefusedAddress):
        pdf.DataOnlyFetcher().fetch(address)
    content = pdf_of(f'<html lang=en><title>T</title><p>x</p><img src="{address}" alt="y"></html>', tmp_path)
    assert b"root:" not in content
