"""The organisation's signature on a PDF: PAdES baseline B-B, added to the end of the file (ETSI EN 319 142-1)."""

import io

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

from apps.core.pdf.certificates import CannotSign, Signer, load

FIELD = "Organisation"


def signed(content: bytes, *, reason: str) -> bytes:
    """Return ``content`` with the organisation's signature after it, unchanged where no certificate is named.

    The first ``len(content)`` bytes stay as they are: a signature is appended. Raises CannotSign.
    """
    signer = load()
    return content if signer is None else _signed(content, signer, reason)


def _signed(content: bytes, signer: Signer, reason: str) -> bytes:
    simple = SimpleSigner.load_pkcs12_data(signer.content, other_certs=[], passphrase=signer.passphrase)
    if not isinstance(simple, signers.Signer):
        raise CannotSign(
            "The key of MLGOV_PDF_SIGNING_CERTIFICATE is of a kind that cannot sign. Name one with RSA or ECDSA.",
            code="cannot_sign",
        )
    metadata = PdfSignatureMetadata(
        field_name=FIELD, reason=reason, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    target = io.BytesIO()
    PdfSigner(metadata, signer=simple).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), output=target)
    return target.getvalue()
