"""Entry point for a child process: a path in, what the file is and would run out."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from picklescan import scanner

from apps.registry.scanning import headers
from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of

#: What a compressed pickle may unpack to; joblib compresses whole models.
MOST_UNPACKED = 2_000_000_000
MOST_FINDINGS = 100
MOST_CONFIG = 10_000_000
#: What model libraries need when they load their own estimators; calls of these build objects and run nothing else.
KNOWN_LIBRARIES = (
    "sklearn.", "numpy.", "scipy.", "xgboost.", "lightgbm.", "catboost.", "pandas.", "collections.", "torch.nn.",
    "torch._utils.", "torch.storage.", "torch.serialization.", "transformers.", "joblib.numpy_pickle.",
)  # fmt: skip
KNOWN_NAMES = {
    ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"), ("builtins", "object"), ("__builtin__", "object"),
    ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "slice"), ("builtins", "bytearray"),
    ("builtins", "complex"), ("_codecs", "encode"), ("datetime", "datetime"), ("datetime", "timedelta"),
    ("decimal", "Decimal"), ("torch", "FloatStorage"), ("torch", "LongStorage"),
    ("torch", "HalfStorage"), ("torch", "BFloat16Storage"), ("torch", "IntStorage"), ("torch", "BoolStorage"),
}  # fmt: skip
#: Of those libraries: classes, and the functions by which their own pickles build arrays, tensors and tables.
_BUILDS = re.compile(
    r"[A-Z]\w*$|_reconstruct$|_rebuild_\w+$|__pyx_unpickle\w*$|_frombuffer$|scalar$|dtype$|ndarray$|_new_Index$"
    r"|new_block$|_unpickle_block$|__\w+_ctor$|cs[rc]_(matrix|array)$|coo_(matrix|array)$|_load_from_bytes$"
)
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
        return _archive(file)
    if start.startswith(b"\x93NUMPY"):
        return _pickled("npy", file, scanner.scan_numpy)
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
    """Read it as a pickle first, whatever it looks like: any opcode may begin one, so no first byte rules it out."""
    as_pickle = _pickled("pickle", file, scanner.scan_pickle_bytes)
    if as_pickle.header.get("imports") or (start[:1] == b"\x80" and as_pickle.danger == Danger.SAFE):
        return as_pickle
    for reader in (headers.safetensors, headers.onnx):
        file.seek(0)
        try:
            return reader(file, size)
        except headers.NotThis:
            continue
    if start[:1] == b"\x80":
        return as_pickle
    if start.startswith(b"GGUF"):
        return scan_of("gguf", [])
    text = start.lstrip()
    if text[:1] in (b"{", b"[") or text.startswith((b"tree", b"<?xml")):
        return scan_of("text", [])
    sentence = (
        "Its format is not known to the scanner, so nobody can say what loading it does. "
        "Prefer safetensors or ONNX."
    )
    return scan_of("unknown", [Finding(Danger.UNKNOWN, "format", sentence)])


def _archive(file: BinaryIO) -> Scan:
    """Scan a ZIP: NumPy's, PyTorch's, Keras's, or any other. Code beside the weights is named."""
    found = _pickled("zip", file, scanner.scan_zip_bytes)
    findings = list(found.findings)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if "config.json" in names and b'"Lambda"' in archive.read("config.json")[:MOST_CONFIG]:
                findings.append(
                    Finding(
                        Danger.SUSPICIOUS,
                        "Lambda layer",
                        "It has a Keras layer of the kind Lambda, which is code.",
                    )
                )
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error) as error:
        return scan_of("zip", [*findings, _unreadable(str(error))])
    code = [name for name in names if name.endswith((".py", ".so", ".dll", ".dylib"))]
    if code:
        sentence = f"It holds code beside the weights ({', '.join(code[:3])}): whoever loads it may run that."
        findings.append(Finding(Danger.SUSPICIOUS, "code", sentence))
    kinds = {".npy": "npz", "data.pkl": "torch", "config.json": "keras"}
    kind = next((kind for end, kind in kinds.items() if any(name.endswith(end) for name in names)), "zip")
    return scan_of(kind, findings, found.header | {"entries": len(names)})


def _may_hold_code(kind: str, why: str) -> Scan:
    return scan_of(kind, [Finding(Danger.SUSPICIOUS, "code", f"Files of this kind can hold code: {why}.")])


def _pickled(kind: str, file: BinaryIO, scan_bytes: Callable[..., scanner.ScanResult]) -> Scan:
    """Read every opcode of every pickle in it, and judge each name that it would import."""
    try:
        result = scan_bytes(file, "file")
    except Exception as error:
        return scan_of(kind, [_unreadable(str(error))])
    findings = [
        _judged(one.module, one.name, dangerous=one.safety == scanner.SafetyLevel.Dangerous)
        for one in result.globals
    ]
    findings = [one for one in findings if one.danger != Danger.SAFE]
    if result.scan_err:
        findings.append(_unreadable("it is damaged, or made so that a scanner stumbles"))
    elif kind == "pickle" and not result.scanned_files:
        kind = "unknown"
    findings.sort(key=lambda one: (one.danger != Danger.DANGEROUS, one.what))
    return scan_of(kind, findings[:MOST_FINDINGS], {"imports": len(result.globals)})


def _unreadable(why: str) -> Finding:
    return Finding(
        Danger.UNREADABLE, "damaged", f"It cannot be read to its end ({why[:200]}). Write the file again."
    )


def _judged(module: str, name: str, *, dangerous: bool) -> Finding:
    what = f"{module}.{name}"
    if dangerous:
        return Finding(
            Danger.DANGEROUS,
            what,
            f"Loading it calls {what}, which can run commands or change the system. Do not load it.",
        )
    if (module, name) in KNOWN_NAMES or (f"{module}.".startswith(KNOWN_LIBRARIES) and _BUILDS.match(name)):
        return Finding(Danger.SAFE, what, "")
    return Finding(
        Danger.SUSPICIOUS,
        what,
        f"Loading it imports {what}, which no known model library needs. Look at what it does.",
    )


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
        return scan_of("compressed", [_unreadable(str(error))])
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
