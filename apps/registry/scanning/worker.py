"""Entry point for a child process: a path in, what the file is and would run out."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from apps.registry.scanning import headers
from apps.registry.scanning.archives import archive
from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of
from apps.registry.scanning.pickles import array, pickled, unreadable
from apps.registry.scanning.texts import NotText, text

#: What a compressed pickle may unpack to; joblib compresses whole models.
MOST_UNPACKED = 2_000_000_000
_COMPRESSED: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"]\x00": lzma.LZMAFile,
}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
#: What is packed so that only its own libraries can read it; that of joblib is from before 0.10.
_SEALED = {b"7z\xbc\xaf": "7z", b"ZF": "an old joblib", b"\x04\x22M\x18": "LZ4"}
#: Where a tar says that it is one (POSIX.1, "ustar").
_TAR = (257, b"ustar")


def scan(payload: dict[str, Any]) -> dict[str, Any]:
    """Scan ``{"path"}`` and return a Scan as JSON."""
    path = Path(payload["path"])
    with path.open("rb") as file:
        return scan_file(file, path.stat().st_size).to_json()


def scan_file(file: BinaryIO, size: int) -> Scan:
    """Tell the format by the bytes, whatever the file is called, and read what it would run."""
    try:
        start = file.read(16)
        file.seek(0)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return archive(file)
        found = _by_beginning(file, size, start)
        # A ZIP may stand behind anything: its readers look for its end.
        if found.danger in {Danger.SAFE, Danger.UNKNOWN} and zipfile.is_zipfile(file):
            file.seek(0)
            inner = archive(file)
            return inner if found.danger == Danger.UNKNOWN or inner.danger != Danger.SAFE else found
    except Exception as error:  # whatever a reader stumbles over: what cannot be read is not let pass
        return scan_of("unknown", [unreadable(str(error) or type(error).__name__)])
    return found


def _by_beginning(file: BinaryIO, size: int, start: bytes) -> Scan:
    if not size:
        return scan_of("empty", [Finding(Danger.UNREADABLE, "empty", "The file is empty. Upload it again.")])
    if start.startswith(b"\x93NUMPY"):
        return array(file)
    if _is_hdf5(file, size):
        return _may_hold_code("hdf5", "Keras layers of the kind Lambda are code")
    return _sealed(file, start) or _packed(file, start) or _uncompressed(file, size, start)


def _sealed(file: BinaryIO, start: bytes) -> Scan | None:
    """Refuse what is packed in a way that is not read here."""
    file.seek(_TAR[0])
    kind = "tar" if file.read(5) == _TAR[1] else None
    file.seek(0)
    kind = next((found for magic, found in _SEALED.items() if start.startswith(magic)), kind)
    if kind is None:
        return None
    sentence = f"It is packed as {kind}, which cannot be read here. Send it as it is, as gzip, or as a ZIP."
    return scan_of(kind, [Finding(Danger.UNREADABLE, kind, sentence)])


def _packed(file: BinaryIO, start: bytes) -> Scan | None:
    """Read what is compressed."""
    for magic, opened in _COMPRESSED.items():
        if start.startswith(magic):
            return _unpacked(_bounded(opened(file)))
    return _unpacked(_inflated(file)) if start[:2] in _ZLIB else None


def _is_hdf5(file: BinaryIO, size: int) -> bool:
    """Return whether its signature stands where its readers look: at 0, 512, 1024, and so on (HDF5 format, "Superblock")."""
    place = 0
    while place < size:
        file.seek(place)
        if file.read(8) == b"\x89HDF\r\n\x1a\n":
            return True
        place = place * 2 or 512
    file.seek(0)
    return False


def _uncompressed(file: BinaryIO, size: int, start: bytes) -> Scan:
    """Read it as a pickle first, whatever it looks like: many a byte may begin one."""
    as_pickle = pickled("pickle", file)
    if as_pickle.danger != Danger.SAFE or as_pickle.header["imports"]:
        return as_pickle
    for reader in (headers.safetensors, headers.onnx):
        file.seek(0)
        try:
            return reader(file, size)
        except headers.NotThis:
            continue
    if start[:1] == b"\x80":
        return as_pickle
    return _text(file, size, start)


def _text(file: BinaryIO, size: int, start: bytes) -> Scan:
    """Read what is no pickle and holds no tensors that are known."""
    if start.startswith(b"GGUF"):
        return scan_of("gguf", [])
    file.seek(0)
    try:
        return text(file, size)
    except NotText:
        # XGBoost's own format (UBJSON), and trees and JSON that are longer than texts are.
        if start[:2] == b"{L" or start.startswith((b"tree\n", b'{"', b"[{")):
            return scan_of("text", [])
        sentence = (
            "Its format is not known to the scanner, so nobody can say what loading it does. "
            "Prefer safetensors or ONNX."
        )
        return scan_of("unknown", [Finding(Danger.UNKNOWN, "format", sentence)])


def _may_hold_code(kind: str, why: str) -> Scan:
    return scan_of(kind, [Finding(Danger.SUSPICIOUS, "code", f"Files of this kind can hold code: {why}.")])


def _unpacked(chunks: Iterator[bytes]) -> Scan:
    """Scan the content of a compressed file, up to the limit."""
    content = io.BytesIO()
    try:
        for chunk in chunks:
            content.write(chunk)
            if content.tell() > MOST_UNPACKED:
                sentence = f"It unpacks to more than {MOST_UNPACKED:,} bytes, the limit of a scan. Send it uncompressed."
                return scan_of("compressed", [Finding(Danger.UNREADABLE, "size", sentence)])
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        return scan_of("compressed", [unreadable(str(error))])
    size = content.tell()
    content.seek(0)
    inner = scan_file(content, size)
    return Scan(f"compressed {inner.format}", inner.danger, inner.findings, inner.header)


def _bounded(file: Any) -> Iterator[bytes]:
    while chunk := file.read(1 << 20):
        yield chunk


def _inflated(file: BinaryIO) -> Iterator[bytes]:
    """Unpack a zlib stream piece by piece; a bomb never stands in memory as a whole."""
    unpacker = zlib.decompressobj()
    while piece := file.read(1 << 16):
        while piece:
            yield unpacker.decompress(piece, 1 << 20)
            piece = unpacker.unconsumed_tail
            if unpacker.unused_data or (unpacker.eof and file.read(1)):
                raise EOFError("something stands behind its end")
    if not unpacker.eof:
        raise EOFError("it ends before its checksum")
