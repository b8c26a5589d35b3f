"""The demonstration's own certificate for PDFs, made on its first start: it shows a signature, and vouches for nobody."""

import datetime
import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

VALID_DAYS = 365
NAME = "mlgov demonstration (self-made, do not trust)"


def demo_signer(var: Path) -> dict[str, str]:
    """Return the variables that name the certificate in ``var/signing``; it is made anew when it has ended.

    A certificate that the operator named stays: then there are no variables to set.
    """
    if os.environ.get("MLGOV_PDF_SIGNING_CERTIFICATE"):
        return {}
    folder = var / "signing"
    bundle, passphrase = folder / "demo.p12", folder / "demo.passphrase"
    if not _usable(bundle, passphrase):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        word = secrets.token_urlsafe(24).encode()
        _write(passphrase, word)
        _write(bundle, self_made(NAME, word, days=VALID_DAYS))
    return {
        "MLGOV_PDF_SIGNING_CERTIFICATE": str(bundle),
        "MLGOV_PDF_SIGNING_PASSPHRASE_FILE": str(passphrase),
    }


def self_made(name: str, passphrase: bytes, *, days: int) -> bytes:
    """Return a PKCS#12 file with a key and a certificate that it signed itself, valid from yesterday for ``days``."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        **dict.fromkeys(
            ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
        ),
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=days))
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        name.encode(), key, certificate, None, serialization.BestAvailableEncryption(passphrase)
    )


def _usable(bundle: Path, passphrase: Path) -> bool:
    try:
        _, certificate, _ = pkcs12.load_key_and_certificates(bundle.read_bytes(), passphrase.read_bytes())
    except (OSError, ValueError):
        return False
    return certificate is not None and certificate.not_valid_after_utc > datetime.datetime.now(datetime.UTC)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
