"""HTML to PDF, in a child process that fetches nothing (guarantee 24)."""

from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

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
    fetcher = DataOnlyFetcher()
    document = HTML(string=payload["html"], url_fetcher=fetcher, base_url=None)
    document.write_pdf(
        payload["path"],
        stylesheets=[CSS(string=STYLE.read_text(), font_config=fonts, url_fetcher=fetcher)],
        pdf_identifier=bytes.fromhex(payload["identifier"]),
        pdf_variant="pdf/ua-1",
        font_config=fonts,
        custom_metadata=True,
    )
    return {"bytes": Path(payload["path"]).stat().st_size}
