"""Make a PDF from a worker: rendered in a child that knows no secret, signed here when the organisation has a key."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from apps.core import blobs, sandbox
from apps.core.models import Blob
from apps.core.pdf import glyphs, signing
from apps.core.pdf.documents import Document

LIMITS = {"memory_mb": 2500, "cpu_seconds": 60, "wall_seconds": 90}
LARGEST = 50 * 1024 * 1024


def rendered(document: Document, *, watch: Callable[[], None] | None = None) -> bytes:
    """Return the unsigned PDF: the same bytes for the same document. ``watch`` may raise to stop.

    Raises SandboxFailed when the layout takes more memory or time than ``LIMITS``.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.pdf"
        sandbox.call(
            "apps.core.pdf.rendering:render_once",
            document.payload(str(path)),
            glyphs.ENVIRONMENT,
            watch=watch,
            warm=True,
            **LIMITS,
        )
        return path.read_bytes()


def make(document: Document, *, reason: str, watch: Callable[[], None] | None = None) -> bytes:
    """Return the PDF, signed when there is a certificate; the bytes before the signature are ``rendered``'s own.

    ``reason`` stands in the signature. Raises CannotSign when the certificate cannot be used.
    """
    # The key is read after the child has ended: what people wrote is never laid out beside it.
    return signing.signed(rendered(document, watch=watch), reason=reason)


def kept(document: Document, *, reason: str, watch: Callable[[], None] | None = None) -> Blob:
    """Make a PDF and keep it; whoever downloads it later gets these bytes, with this signature."""
    content = make(document, reason=reason, watch=watch)
    return blobs.store(io.BytesIO(content), max_bytes=LARGEST, media_type="application/pdf")
