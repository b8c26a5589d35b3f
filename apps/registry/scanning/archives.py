"""Read a ZIP: NumPy's, PyTorch's, Keras's, skops's, or any other. What lies in it is read as it would be alone."""

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from picklescan.relaxed_zipfile import RelaxedZipFile

from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of
from apps.registry.scanning.names import code_in, judged
from apps.registry.scanning.pickles import MOST_FINDINGS, array, pickled, unreadable
from apps.registry.scanning.texts import MOST_TEXT

#: What the libraries name a pickle in a ZIP; others are known by the mark of their protocol (2 to 5).
_PICKLES = (".pkl", ".pickle", ".pk", ".p", ".joblib", ".dat", ".data")
_MARKS = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
#: By the end of a name in it: which library wrote it.
_KINDS = {"schema.json": "skops", ".npy": "npz", "data.pkl": "torch", "config.json": "keras"}
#: The plain values of a schema of skops.
_PLAIN = {"NoneType", "bool", "bytes", "dict", "float", "int", "list", "str", "tuple", "type"}


def archive(file: BinaryIO) -> Scan:
    """Read every member that runs something when it is loaded; code beside the weights is named."""
    findings: list[Finding] = []
    imports = 0
    names: list[str] = []
    before = sys.maxsize
    # The relaxed reader takes what PyTorch's own takes: headers that differ from the directory hide nothing from it.
    try:
        with RelaxedZipFile(file) as opened:
            for member in opened.infolist():
                names.append(member.filename)
                found = _member(opened, member)
                before = min(before, member.header_offset)
                findings += found.findings
                imports += found.header.get("imports", 0)
    except Exception as error:  # a ZIP that was made to break its reader does so in many ways
        findings.append(unreadable(str(error)))
    if names and before:
        findings.append(unreadable("something stands before the first file in it"))
    if code := code_in(names):
        sentence = f"It holds code beside the weights ({', '.join(code[:3])}): whoever loads it may run that."
        findings.append(Finding(Danger.SUSPICIOUS, "code", sentence))
    kind = next((kind for end, kind in _KINDS.items() if any(name.endswith(end) for name in names)), "zip")
    header = {"imports": imports, "entries": len(names)}
    return scan_of(kind, list(dict.fromkeys(findings))[:MOST_FINDINGS], header)


def _member(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Scan:
    with opened.open(member) as peeked:
        start = peeked.read(8)
    name = member.filename.lower()
    with opened.open(member) as opening:
        content = cast("BinaryIO", opening)
        if start.startswith(b"\x93NUMPY"):
            return array(content)
        if name.endswith(_PICKLES) or start.startswith(_MARKS):
            return pickled("pickle", content)
        if PurePosixPath(name).name == "config.json":
            return _described("keras", member, content, _layers)
        if PurePosixPath(name).name == "schema.json":
            return _described("skops", member, content, _types)
    return scan_of("zip", [])


def _described(
    kind: str, member: zipfile.ZipInfo, content: BinaryIO, look: Callable[[Any], list[Finding]]
) -> Scan:
    """Read a description in JSON of what is built from the file."""
    if member.file_size > MOST_TEXT:
        return scan_of(kind, [unreadable(f"{member.filename} is longer than {MOST_TEXT:,} bytes")])
    try:
        return scan_of(kind, look(json.loads(content.read(MOST_TEXT + 1))))
    except (ValueError, RecursionError) as error:
        return scan_of(kind, [unreadable(f"{member.filename}: {error}")])


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one)


def _layers(config: Any) -> list[Finding]:
    """Name what is code in Keras's description of its layers (keras.io, "Serialization")."""
    kinds = {str(node.get("class_name")) for node in _nodes(config)}
    modules = {str(node["module"]) for node in _nodes(config) if "class_name" in node and node.get("module")}
    found = []
    if kinds & {"Lambda", "__lambda__"}:
        sentence = "It has a Keras layer of the kind Lambda, which is code."
        found.append(Finding(Danger.SUSPICIOUS, "Lambda layer", sentence))
    for module in sorted(modules):
        if module != "builtins" and module.split(".")[0] not in {"keras", "tf_keras"}:
            sentence = (
                f"Loading it imports the module {module[:100]}, which is not Keras's. Look at what it does."
            )
            found.append(Finding(Danger.SUSPICIOUS, module[:200], sentence))
    return found


def _types(schema: Any) -> list[Finding]:
    """Judge each type that a schema of skops names; skops builds no other one than those that its caller trusts."""
    named = {
        (str(node.get("__module__", "?")), str(node.get("__class__", "?")))
        for node in _nodes(schema)
        if "__module__" in node or "__class__" in node
    }
    found = [judged(*one) for one in sorted(named) if not (one[0] == "builtins" and one[1] in _PLAIN)]
    return [one for one in found if one.danger != Danger.SAFE]
