"""The organisation's certificate: a PKCS#12 file that the operator names, with its passphrase in a file or a variable."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import Certificate
from django.conf import settings

from apps.core.errors import MlgovError

SOON = timedelta(days=30)


class CannotSign(MlgovError):
    """The certificate cannot be used; the PDF is not made, for an unsigned one would pass for a signed one."""

    status = 500


@dataclass(frozen=True)
class Signer:
    """What signs: the file's content and its passphrase, for as long as a signature takes. Never printed."""

    content: bytes
    passphrase: bytes | None
    certificate: Certificate

    def __repr__(self) -> str:
        return f"Signer({self.certificate.subject.rfc4514_string()})"


def load(now: datetime | None = None) -> Signer | None:
    """Return the signer that the settings name, None where they name none. Raises CannotSign with a sentence."""
    if not settings.PDF_SIGNING_CERTIFICATE:
        return None
    content = _read(Path(settings.PDF_SIGNING_CERTIFICATE), "MLGOV_PDF_SIGNING_CERTIFICATE")
    passphrase = _passphrase()
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, passphrase)
    except ValueError:
        raise CannotSign(
            "The file of MLGOV_PDF_SIGNING_CERTIFICATE cannot be opened: it is no PKCS#12 file, or the passphrase is "
            "another one. Name the right file, and its passphrase in MLGOV_PDF_SIGNING_PASSPHRASE_FILE.",
            code="cannot_sign",
        ) from None
    if key is None or certificate is None:
        raise CannotSign(
            "The file of MLGOV_PDF_SIGNING_CERTIFICATE holds no private key with its certificate. Export both into it.",
            code="cannot_sign",
        )
    _demand_valid(certificate, now or datetime.now(UTC))
    return Signer(content, passphrase, certificate)


def ends_soon(signer: Signer, now: datetime | None = None) -> bool:
    """Say whether the certificate ends within the next 30 days."""
    return signer.certificate.not_valid_after_utc < (now or datetime.now(UTC)) + SOON


def _demand_valid(certificate: Certificate, now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins or now > ends:
        raise CannotSign(
            f"The certificate of MLGOV_PDF_SIGNING_CERTIFICATE is valid from {begins:%d %B %Y} to {ends:%d %B %Y} only. "
            "Name one that is valid now.",
            code="certificate_not_valid",
        )


def _passphrase() -> bytes | None:
    if settings.PDF_SIGNING_PASSPHRASE_FILE:
        path = Path(settings.PDF_SIGNING_PASSPHRASE_FILE)
        return _read(path, "MLGOV_PDF_SIGNING_PASSPHRASE_FILE").rstrip(b"\r\n")
    return settings.PDF_SIGNING_PASSPHRASE.encode() or None


def _read(path: Path, variable: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CannotSign(
            f"The file of {variable} ({path}) cannot be read: {error.strerror}. Put it there, readable for the worker.",
            code="cannot_sign",
        ) from error
