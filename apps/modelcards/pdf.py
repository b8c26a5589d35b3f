"""HTML to PDF, in a child process that fetches nothing (guarantee 24)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
STYLE = Path(__file__).with_name("card_pdf.css")


class RefusedAddress(ValueError):
    """The document asked for something outside itself."""


class DataOnlyFetcher(URLFetcher):
    """Resolves data: addresses alone; no file, no network."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        if not url.startswith("data:"):
            raise RefusedAddress(f"A card holds no outside content; {url[:80]} is refused.")
        return super().fetch(url, headers)


def render(payload: dict[str, Any]) -> dict[str, Any]:
    """Write ``payload["html"]`` as a tagged PDF (PDF/UA-1) to ``payload["path"]``; the same HTML gives the same bytes."""
    fonts = FontConfiguration()
    proof = payload.get("proof")
    # Fixed times: the same card under the same proof gives the same bytes.
    attached = {"name": "proof.json", "description": "Inclusion proof", "created": EPOCH, "modified": EPOCH}
    fetcher = DataOnlyFetcher()
    document = HTML(string=payload["html"], url_fetcher=fetcher, base_url=None)
    document.write_pdf(
        payload["path"],
        stylesheets=[CSS(string=STYLE.read_text(), font_config=fonts, url_fetcher=fetcher)],
        pdf_identifier=bytes.fromhex(payload["identifier"]),
        pdf_variant="pdf/ua-1",
        font_config=fonts,
        custom_metadata=True,
        attachments=[Attachment(string=proof, **attached)] if proof else None,
    )
    return {"bytes": Path(payload["path"]).stat().st_size}
