"""Read a ZIP: NumPy's, PyTorch's, Keras's, skops's, or any other. What lies in it is read as it would be alone."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from picklescan.relaxed_zipfile import RelaxedZipFile

from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of
from apps.registry.scanning.names import code_in, judged
from apps.registry.scanning.pickles import MOST_FINDINGS, array, pickled, unreadable

#: What a description of layers or of types may have; more is no model.
MOST_TEXT = 10_000_000
#: What the libraries name a pickle in a ZIP; others are known by the mark of their protocol (2 to 5).
_PICKLES = (".pkl", ".pickle", ".pk", ".p", ".joblib", ".dat", ".data")
_MARKS = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
#: By the end of a name in it: which library wrote it.
_KINDS = {".npy": "npz", "data.pkl": "torch", "config.json": "keras", "schema.json": "skops"}
#: The plain values of a schema of skops.
_PLAIN = {"NoneType", "bool", "bytes", "dict", "float", "int", "list", "str", "tuple", "type"}


def archive(file: BinaryIO) -> Scan:
    """Read every member that runs something when it is loaded; code beside the weights is named."""
    findings: list[Finding] = []
    imports = 0
    names: list[str] = []
    # The relaxed reader takes what PyTorch's own takes: headers that differ from the directory hide nothing from it.
    try:
        with RelaxedZipFile(file) as opened:
            for member in opened.infolist():
                names.append(member.filename)
                found = _member(opened, member)
                findings += found.findings
                imports += found.header.get("imports", 0)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        findings.append(unreadable(str(error)))
    if code := code_in(names):
        sentence = f"It holds code beside the weights ({', '.join(code[:3])}): whoever loads it may run that."
        findings.append(Finding(Danger.SUSPICIOUS, "code", sentence))
    kind = next((kind for end, kind in _KINDS.items() if any(name.endswith(end) for name in names)), "zip")
    header = {"imports": imports, "entries": len(names)}
    return scan_of(kind, list(dict.fromkeys(findings))[:MOST_FINDINGS], header)


def _member(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Scan:
    with opened.open(member) as peeked:
        start = peeked.read(8)
    with opened.open(member) as opening:
        content = cast("BinaryIO", opening)
        if start.startswith(b"\x93NUMPY"):
            return array(content)
        if member.filename.endswith(_PICKLES) or start.startswith(_MARKS):
            return pickled("pickle", content)
        if member.filename == "config.json":
            return scan_of("keras", _lambdas(content.read(MOST_TEXT)))
        if member.filename == "schema.json":
            return scan_of("skops", _types(content.read(MOST_TEXT)))
    return scan_of("zip", [])


def _lambdas(config: bytes) -> list[Finding]:
    if b'"Lambda"' not in config:
        return []
    sentence = "It has a Keras layer of the kind Lambda, which is code."
    return [Finding(Danger.SUSPICIOUS, "Lambda layer", sentence)]


def _types(schema: bytes) -> list[Finding]:
    """Judge each type that a schema of skops names; skops builds no other one than those that its caller trusts."""
    try:
        named = {*_named(json.loads(schema))}
    except (ValueError, RecursionError) as error:
        return [unreadable(f"schema.json: {error}")]
    found = [judged(*one) for one in sorted(named) if not (one[0] == "builtins" and one[1] in _PLAIN)]
    return [one for one in found if one.danger != Danger.SAFE]


def _named(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if "__module__" in node or "__class__" in node:
            yield str(node.get("__module__", "?")), str(node.get("__class__", "?"))
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _named(one)
