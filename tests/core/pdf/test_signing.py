"""The organisation signs what was rendered: valid for a stranger's software, broken by one bit, its key kept from the child."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from apps.core import blobs, sandbox
from apps.core.checks import check_signing
from apps.core.pdf import certificates, making, signing
from apps.core.pdf.documents import Document
from mlgov import organisation
from tests.core.pdf import samples

DOCUMENT = Document(samples.page("<p>x</p>"), identifier="cd" * 32)


def verdict(content: bytes):
    from asn1crypto.x509 import Certificate
    from cryptography.hazmat.primitives.serialization import Encoding

    trusted = Certificate.load(certificates.load().certificate.public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[trusted], allow_fetching=False)
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    return validate_pdf_signature(signature, context)


@pytest.mark.slow
def test_a_signature_is_valid_and_one_flipped_bit_breaks_it(certificate):
    plain = making.rendered(DOCUMENT)
    content = signing.signed(plain, reason="Model card abc")
    assert content.startswith(plain)
    found = verdict(content)
    assert (found.bottom_line, found.intact, found.trusted, found.coverage.name) == (
        True,
        True,
        True,
        "ENTIRE_FILE",
    )
    (field,) = PdfReader(io.BytesIO(content)).get_fields().values()
    assert (field["/V"]["/SubFilter"], field["/V"]["/Reason"]) == ("/ETSI.CAdES.detached", "Model card abc")
    # In the comment of the first lines, which every reader skips: the file itself stays whole.
    broken = bytearray(content)
    broken[plain.index(b"\n%") + 3] ^= 1
    found = verdict(bytes(broken))
    assert (found.intact, found.bottom_line) == (False, False)


@pytest.mark.slow
@pytest.mark.django_db
def test_a_pdf_is_signed_once_and_kept(certificate):
    blob = making.kept(DOCUMENT, reason="once")
    with blobs.open_blob(blob.digest) as file:
        assert verdict(file.read()).bottom_line


def test_without_a_certificate_nothing_is_signed():
    assert signing.signed(b"%PDF", reason="x") == b"%PDF"
    assert check_signing(None) == []


def test_the_child_is_told_nothing_of_the_key(certificate, monkeypatch):
    monkeypatch.setenv("MLGOV_PDF_SIGNING_CERTIFICATE", str(certificate))
    monkeypatch.setenv("MLGOV_PDF_SIGNING_PASSPHRASE", "a passphrase")
    names = sandbox.call(
        "tests.core.misbehaving:surroundings", {}, memory_mb=1500, cpu_seconds=30, wall_seconds=60
    )["names"]
    assert not [name for name in names if name.startswith("MLGOV")]
    payload = DOCUMENT.payload("/x")
    assert sorted(payload) == ["attachments", "html", "identifier", "path", "style"]


def missing(path: Path) -> None:
    path.unlink()


def wrong_passphrase(path: Path) -> None:
    path.with_suffix(".passphrase").write_bytes(b"another secret")


def no_container(path: Path) -> None:
    path.write_bytes(b"not a PKCS#12 file")


def ended(path: Path) -> None:
    path.write_bytes(organisation.self_made("Test Bank", b"a passphrase", days=0))


def no_passphrase(path: Path) -> None:
    path.with_suffix(".passphrase").unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (missing, "cannot be read: No such file"),
        (no_passphrase, "MLGOV_PDF_SIGNING_PASSPHRASE_FILE"),
        (wrong_passphrase, "the passphrase is another one"),
        (no_container, "no PKCS#12 file"),
        (ended, "is valid from"),
    ],
)
def test_the_check_says_why_nothing_can_be_signed(certificate, spoil, words):
    spoil(certificate)
    (found,) = check_signing(None)
    assert words in found.msg
    assert found.id == "core.E004"
    assert "secret" not in str(found)
    with pytest.raises(certificates.CannotSign):
        signing.signed(b"%PDF", reason="x")


def test_the_check_warns_before_the_certificate_ends(certificate):
    assert check_signing(None) == []
    signer = certificates.load()
    assert certificates.ends_soon(signer, now=datetime.now(UTC) + timedelta(days=70))
    certificate.write_bytes(organisation.self_made("Test Bank", b"a passphrase", days=20))
    assert [one.id for one in check_signing(None)] == ["core.W001"]


def test_the_demonstration_makes_itself_a_certificate_once(tmp_path, monkeypatch, settings):
    monkeypatch.delenv("MLGOV_PDF_SIGNING_CERTIFICATE", raising=False)
    named = organisation.demo_signer(tmp_path)
    path = Path(named["MLGOV_PDF_SIGNING_CERTIFICATE"])
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert organisation.demo_signer(tmp_path) == named
    assert path.read_bytes() == before
    settings.PDF_SIGNING_CERTIFICATE = str(path)
    settings.PDF_SIGNING_PASSPHRASE_FILE = named["MLGOV_PDF_SIGNING_PASSPHRASE_FILE"]
    assert "demonstration" in repr(certificates.load())
    monkeypatch.setenv("MLGOV_PDF_SIGNING_CERTIFICATE", "/of/the/operator.p12")
    assert organisation.demo_signer(tmp_path) == {}
