"""HTML to PDF, in a child process that fetches nothing and knows no fonts but ours (guarantee 24)."""

import base64
import gc
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint import Attachment as EmbeddedFile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from apps.core.pdf import conformance, glyphs, sieve

#: PDF has no "unknown" for the times of an attachment, and the moment of rendering would change the bytes.
EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
BASE = Path(__file__).with_name("base.css")
ROUNDS = 3


class RefusedAddress(ValueError):
    """The document asked for something outside itself."""


class FontsNotPinned(RuntimeError):
    """The process would draw with whatever fonts the machine has."""


class DataOnlyFetcher(URLFetcher):
    """Resolves data: addresses alone; no file, no network."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        if not url.startswith("data:"):
            raise RefusedAddress(f"A document holds no outside content; {url[:80]} is refused.")
        return super().fetch(url, headers)


def render(payload: dict[str, Any]) -> dict[str, Any]:
    """Write a document (``Document.payload``) as PDF/A-3a and PDF/UA-1; the same payload gives the same bytes.

    Returns the size in bytes, the number of pages, and the characters that no font has.
    Raises FontsNotPinned outside a process that was started with ``glyphs.ENVIRONMENT``.
    """
    if os.environ.get("FONTCONFIG_FILE") != str(glyphs.CONFIGURATION):
        raise FontsNotPinned("Set the variables of apps.core.pdf.glyphs.ENVIRONMENT before Python starts.")
    lacking: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        content, pages, missing = _write(payload, lacking)
        if not missing:
            break
        # A letter may be there and its mark not in the same font: then it is written out in the next round.
        lacking |= missing
    Path(payload["path"]).write_bytes(content)
    return {"bytes": len(content), "pages": pages, "lacking": sorted(lacking)}


def render_once(payload: dict[str, Any]) -> dict[str, Any]:
    """Be ``render`` in a process that ends afterwards.

    A document is one burst of small objects that all live until it is written: looking for dead ones among them is a
    tenth of the time, and finds none.
    """
    gc.disable()
    return render(payload)


def _write(payload: dict[str, Any], lacking: frozenset[str]) -> tuple[bytes, int, frozenset[str]]:
    fonts, fetcher = FontConfiguration(), DataOnlyFetcher()
    source = HTML(string=payload["html"], url_fetcher=fetcher, base_url=None)
    sieve.prepare(source.etree_element, lacking=lacking)
    sheets = [BASE.read_text(), payload["style"]]
    document = source.render(
        stylesheets=[CSS(string=text, font_config=fonts, url_fetcher=fetcher) for text in sheets],
        font_config=fonts,
        pdf_variant="pdf/a-3a",
    )
    target = io.BytesIO()
    document.write_pdf(
        target,
        finisher=conformance.finisher(payload["attachments"]),
        pdf_variant="pdf/a-3a",
        pdf_identifier=bytes.fromhex(payload["identifier"][:32]),
        custom_metadata=True,
        attachments=[_embedded(one) for one in payload["attachments"]] or None,
    )
    missing = {chr(point) for font in document.fonts.values() for point in font.missing}
    return target.getvalue(), len(document.pages), frozenset(one for one in missing if not one.isspace())


def _embedded(one: dict[str, str]) -> EmbeddedFile:
    return EmbeddedFile(
        file_obj=io.BytesIO(base64.b64decode(one["content"])),
        name=one["name"],
        description=one["description"],
        relationship=one["relationship"],
        created=EPOCH,
        modified=EPOCH,
    )
