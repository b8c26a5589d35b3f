"""Entry point for a child process: a path in, what the file is and would run out."""

import bz2
import gzip
import io
import lzma
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
    b"]\x00\x00": lzma.LZMAFile,
}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def scan(payload: dict[str, Any]) -> dict[str, Any]:
    """Scan ``{"path"}`` and return a Scan as JSON."""
    path = Path(payload["path"])
    with path.open("rb") as file:
        return scan_file(file, path.stat().st_size).to_json()


def scan_file(file: BinaryIO, size: int) -> Scan:
    """Tell the format by the bytes, whatever the file is called, and read what it would run."""
    start = file.read(16)
    file.seek(0)
    if not size:
        return scan_of("empty", [Finding(Danger.UNREADABLE, "empty", "The file is empty. Upload it again.")])
    if start.startswith(b"PK\x03\x04"):
        return archive(file)
    if start.startswith(b"\x93NUMPY"):
        return array(file)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return _may_hold_code("hdf5", "Keras layers of the kind Lambda are code")
    if start.startswith(b"7z\xbc\xaf"):
        return scan_of(
            "7z", [Finding(Danger.UNREADABLE, "7z", "An archive of the kind 7z cannot be read. Send a ZIP.")]
        )
    for magic, opened in _COMPRESSED.items():
        if start.startswith(magic):
            return _unpacked(_bounded(opened(file)))
    if start[:2] in _ZLIB:
        return _unpacked(_inflated(file))
    return _uncompressed(file, size, start)


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
    beginning = start.lstrip()
    if beginning[:1] in (b"{", b"[") or beginning.startswith((b"tree", b"<?xml")):
        return scan_of("text", [])
    file.seek(0)
    try:
        return text(file, size)
    except NotText:
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
    yield unpacker.flush()
    if not unpacker.eof:
        raise EOFError("it ends before its checksum")
