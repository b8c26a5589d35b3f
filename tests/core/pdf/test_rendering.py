"""A document gives the same bytes wherever it is made, fetches nothing, and loses no character and no word silently."""

import io
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from apps.core import sandbox
from apps.core.pdf import glyphs, making, rendering, sieve
from apps.core.pdf.documents import Attachment, Document, Relationship
from apps.core.pdf.fonts.make import characters, font_files
from tests.core.pdf import samples

A4 = (595.28, 841.89)
MARGIN = 18 / 25.4 * 72


def child(document: Document, path: Path, **surroundings: str) -> dict[str, object]:
    return sandbox.call(
        "apps.core.pdf.rendering:render",
        document.payload(str(path)),
        glyphs.ENVIRONMENT | surroundings,
        **making.LIMITS,
    )


def text_of(content: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True
    ).stdout.decode()


@pytest.mark.slow
def test_the_same_document_gives_the_same_bytes_wherever_it_is_made(tmp_path):
    attached = tuple(
        Attachment(name, name.encode(), "text/plain", f"File {name}") for name in ("b.txt", "a.txt")
    )
    document = Document(samples.written(), identifier="ab" * 32, attachments=attached)
    turned = Document(samples.written(), identifier="ab" * 32, attachments=attached[::-1])
    #: A person's own fonts would be found beneath their home; here that is the system's folder.
    home = tmp_path / "home"
    home.mkdir()
    if Path("/usr/share/fonts").exists():
        (home / ".fonts").symlink_to("/usr/share/fonts")
    other = {"HOME": str(home), "LANG": "ja_JP.UTF-8", "FONTCONFIG_PATH": "/etc/fonts", "TZ": "Asia/Tokyo"}
    child(document, tmp_path / "a.pdf", PYTHONHASHSEED="1")
    child(turned, tmp_path / "b.pdf", PYTHONHASHSEED="2", **other)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_fonts_of_the_machine_are_not_used(render, tmp_path):
    """Runic is among the fonts of CI's machine and not among ours."""
    content = render(samples.page("<p>ᚠ is a rune, 💯 is not; \u202eevil; \ue000; <code>x</code></p>"))
    text = text_of(content)
    assert "[U+16A0] is a rune, 💯" in text
    assert "[U+202E]evil; [U+E000]" in text
    listed = subprocess.run(["pdffonts", "-"], input=content, capture_output=True, check=True).stdout.decode()
    lines = listed.splitlines()[2:]
    assert len(lines) == 4
    assert all("+Noto-" in line and " yes yes yes " in line for line in lines), listed


def test_a_process_that_would_use_the_fonts_of_the_machine_refuses(monkeypatch, tmp_path):
    monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    with pytest.raises(rendering.FontsNotPinned):
        rendering.render(Document("<p>x</p>", identifier="ab" * 32).payload(str(tmp_path / "a.pdf")))


def test_the_list_of_characters_is_that_of_the_fonts():
    firsts, lasts = glyphs._ranges()
    listed = {point for first, last in zip(firsts, lasts, strict=True) for point in range(first, last + 1)}
    assert listed == characters()
    assert sum(path.stat().st_size for path in font_files()) < 6_000_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("中 ✓ é", "中 ✓ é"),
        ("𓀀", "[U+13000]"),
        ("ab\u0000c", "ab[U+0000]c"),
        ("\uffff", "[U+FFFF]"),
        ("㏂", "a.m."),
        ("\u1112\u1161\u11ab", "한"),
        ("a\u200db\ufe0f", "a\u200db\ufe0f"),
    ],
)
def test_what_has_no_glyph_is_written_out(text, shown):
    assert glyphs.visible(text) == shown


def test_levels_of_headings_have_no_gaps():
    tree = ElementTree.fromstring(
        "<html><body><h2>a</h2><h5>b</h5><h1>c</h1><h3>d</h3><h3>e</h3></body></html>"
    )
    sieve.prepare(tree, lacking=frozenset())
    assert [one.tag for one in tree.iter() if re.match("h[1-6]", str(one.tag))] == [
        "h1",
        "h2",
        "h1",
        "h2",
        "h2",
    ]


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        *(("#one", True), ("mailto:ada@example.com", True), ("https://example.com/paper", True)),
        *(
            ("http://wiki.corp/", False),
            ("http://127.1/", False),
            ("//10.0.0.1/", False),
            ("/versions/1/", False),
        ),
        *(("https://ada:secret@example.com/", False), ("http://[::ffff:10.0.0.1]/", False)),
    ],
)
def test_links_that_do_not_lead_outside_are_text(href, kept):
    tree = ElementTree.fromstring(f'<html><body><a href="{href}">a</a></body></html>')
    sieve.prepare(tree, lacking=frozenset())
    assert ("href" in tree[0][0].attrib) is kept


def test_a_reader_finds_its_way(render):
    """Contents with page numbers and links, bookmarks, a running header, page x of y, language and title."""
    content = render(samples.contents())
    first, second, third = text_of(content).split("\f")[:3]
    assert re.search(r"First \.+ 2\s+Second \.+ 3", first)
    assert "Card · 0123456789abcdef" not in first
    for number, page in enumerate((second, third), start=2):
        assert "Card · 0123456789abcdef" in page
        assert re.search(rf"mlgov test\s+page {number} of 3", page)
    reader = PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    assert (root["/Lang"], reader.metadata.title) == ("en", "Card")
    assert [one["/Title"] for one in reader.outline[1]] == ["Contents", "First", "Second"]
    assert {str(one.get_object()["/Dest"]) for one in reader.pages[0]["/Annots"]} == {"one", "two"}


def test_attachments_say_what_they_are(render, tmp_path):
    files = (
        Attachment("card.json", b'{"a": 1}', "application/json", "The card as data"),
        Attachment(
            "bom.json", b'{"b": 2}', "application/vnd.cyclonedx+json", "The bill", Relationship.SOURCE
        ),
    )
    content = render(samples.page("<p>x</p>"), attachments=files)
    (tmp_path / "a.pdf").write_bytes(content)
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(tmp_path / "a.pdf")], check=True)
    assert (tmp_path / "card.json").read_bytes() == b'{"a": 1}'
    found = {}
    for one in PdfReader(io.BytesIO(content)).trailer["/Root"]["/AF"]:
        one = one.get_object()
        stream = one["/EF"]["/F"]
        found[one["/UF"]] = (
            one["/AFRelationship"],
            one["/Desc"],
            stream["/Subtype"],
            stream["/Params"]["/ModDate"],
        )
    fixed = "D:19800101000000Z"
    assert found == {
        "card.json": ("/Data", "The card as data", "/application/json", fixed),
        "bom.json": ("/Source", "The bill", "/application/vnd.cyclonedx+json", fixed),
    }


@pytest.mark.parametrize(
    "second", [Attachment("a", b"2", "text/plain", ""), Attachment("b", b"1", "text/csv", "")]
)
def test_attachments_cannot_be_taken_for_each_other(second):
    with pytest.raises(ValueError, match="names of their own"):
        Document("", identifier="ab" * 32, attachments=(Attachment("a", b"1", "text/plain", ""), second))


def alternatives(content: bytes) -> list[str]:
    reader = PdfReader(io.BytesIO(content))
    return [str(one["/Alt"]) for one in (x.get_object() for x in _objects(reader)) if "/Alt" in one]


def _objects(reader: PdfReader):
    for number in range(1, int(reader.trailer["/Size"])):
        one = reader.get_object(number)
        if isinstance(one, dict) and one.get("/S") == "/Figure":
            yield one


def test_charts_are_vectors_with_alternative_texts(render):
    content = render(samples.drawn())
    found = alternatives(content)
    assert len(found) == 3
    assert found[0].startswith("Selection rate by sex. The disparate impact ratio by sex is 0.900")
    listed = subprocess.run(
        ["pdfimages", "-list", "-"], input=content, capture_output=True, check=True
    ).stdout
    assert len(listed.splitlines()) == 2, "a picture of points is in the file"


@pytest.mark.promise("24")
@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://169.254.169.254/", "/etc/passwd", "ftp://x/y"]
)
def test_the_fetcher_refuses_everything_but_data(address):
    with pytest.raises(rendering.RefusedAddress):
        rendering.DataOnlyFetcher().fetch(address)


@pytest.mark.promise("24")
def test_a_document_that_asks_for_files_and_addresses_gets_none(render):
    wanted = (
        "file:///etc/passwd",
        "http://169.254.169.254/latest/",
        "/etc/passwd",
        os.fspath(Path(__file__)),
    )
    body = "".join(
        f'<img src="{one}" alt="y"><object data="{one}">z</object>p'
        f'<link rel="attachment" href="{one}"><link rel="stylesheet" href="{one}">'
        f'<a rel="attachment" href="{one}">a</a>'
        f'<svg xmlns="http://www.w3.org/2000/svg"><title>t</title><image href="{one}" width="9" height="9"/></svg>'
        for one in wanted
    )
    sources = ", ".join(f"url({one})" for one in wanted[:2])
    style = f"@import '{wanted[0]}'; p {{ background: {sources} }} @font-face {{ font-family: x; src: {sources} }}"
    content = render(samples.page(body), style=style)
    reader = PdfReader(io.BytesIO(content))
    assert not reader.attachments
    streams = [reader.get_object(number) for number in range(1, int(reader.trailer["/Size"]))]
    assert b"root:" not in b"".join(one.get_data() for one in streams if hasattr(one, "get_data"))


def words_outside(content: bytes) -> list[str]:
    """Return the words that stand in the margin or off the page to the right."""
    boxes = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=content, capture_output=True, check=True
    ).stdout
    found = re.findall(
        r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)<',
        boxes.decode(errors="replace"),
    )
    return [
        word
        for left, top, right, bottom, word in found
        if float(right) > A4[0] - MARGIN + 1
        or float(left) < MARGIN - 4
        or float(bottom) > A4[1]
        or float(top) < 0
    ]


@pytest.mark.slow
def test_much_and_unbreakable_text_stays_on_the_page(render):
    """200 kB in one field, words without an end in text, code and a table of Markdown, and 500 rows of figures."""
    table = (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
        f"<tbody><tr><td>{'y' * 300}</td><td>z</td></tr></tbody></table>"
    )
    prose = f"<p>{'lorem ipsum ' * 16_000}</p><p>{'x' * 8_000}</p><pre>{'c' * 500}</pre>"
    assert words_outside(render(samples.page(table + prose))) == []
    content = render(samples.page(samples.long_table(500)))
    assert words_outside(content) == []
    text = text_of(content)
    assert "metric_499" in text
    assert text.count("Interval") == text.count("mlgov test"), (
        "the head of a table stands on each of its pages"
    )
