"""Formats that hold tensors and no code: their headers are read, their weights are not.

Safetensors: github.com/huggingface/safetensors, "Format". ONNX: the protobuf messages of onnx.proto3, of which only
the outer fields are walked: a library would read the whole model into memory to tell the same.
"""

import json
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of

#: The format's own limit on its header.
MOST_HEADER_BYTES = 100_000_000
#: Graphs nest a few levels deep (ModelProto, GraphProto, NodeProto); more than this is no model.
_STANDARD_DOMAINS = {
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.training",
    "ai.onnx.preview.training",
    "com.microsoft",
}


class NotThis(ValueError):
    """The bytes are not of this format."""


def safetensors(file: BinaryIO, size: int) -> Scan:
    """Read the header of a safetensors file; raises NotThis. Offsets must lie within the file and leave no gap."""
    head = file.read(8)
    if len(head) < 8:
        raise NotThis
    (length,) = struct.unpack("<Q", head)
    if length < 2 or length > min(MOST_HEADER_BYTES, size - 8):
        raise NotThis
    try:
        header = json.loads(file.read(length))
    except ValueError:
        raise NotThis from None
    if not isinstance(header, dict):
        raise NotThis
    metadata = header.pop("__metadata__", {})
    problem = _layout_problem(header, size - 8 - length)
    kinds = Counter(str(one.get("dtype")) for one in header.values() if isinstance(one, dict))
    parameters = sum(_product(one.get("shape", [])) for one in header.values() if isinstance(one, dict))
    about = {
        "tensors": len(header),
        "parameters": parameters,
        "dtypes": dict(kinds),
        "metadata": _short(metadata),
    }
    findings = [Finding(Danger.UNREADABLE, "layout", problem)] if problem else []
    return scan_of("safetensors", findings, about)


def _layout_problem(header: dict[str, Any], room: int) -> str:
    """Return why the tensors do not fill the file exactly, or nothing (the format forbids holes and overlaps)."""
    spans = []
    for name, one in header.items():
        offsets = one.get("data_offsets") if isinstance(one, dict) else None
        if not (isinstance(offsets, list) and len(offsets) == 2 and all(isinstance(o, int) for o in offsets)):
            return f"The tensor “{str(name)[:80]}” has no offsets. Write the file again."
        spans.append((offsets[0], offsets[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end or stop < start:
            return "The tensors overlap or leave holes in the file, where something else can hide. Write the file again."
        end = stop
    return (
        ""
        if end == room
        else f"The header promises {end:,} bytes of tensors; the file has {room:,}. Send it again."
    )


def _product(shape: Any) -> int:
    size = 1
    for one in shape if isinstance(shape, list) else []:
        size *= one if isinstance(one, int) and one >= 0 else 0
    return size


def _short(metadata: Any) -> dict[str, str]:
    return (
        {str(k)[:60]: str(v)[:200] for k, v in list(metadata.items())[:20]}
        if isinstance(metadata, dict)
        else {}
    )


def onnx(file: BinaryIO, size: int) -> Scan:
    """Walk the outer fields of an ONNX model; raises NotThis. Weights are skipped, never read."""
    model: dict[str, Any] = {"producer": "", "ir_version": None, "opsets": {}, "operators": Counter()}
    domains: set[str] = set()
    external = 0
    seen_graph = False
    for number, kind, value, at in _fields(file, 0, size):
        if number == 1 and kind == 0:
            model["ir_version"] = value
        elif number == 2 and kind == 2:
            model["producer"] = _text(file, at, value)
        elif number == 8 and kind == 2:
            domain, version = _opset(file, at, value)
            model["opsets"][domain or "ai.onnx"] = version
        elif number == 7 and kind == 2:
            seen_graph = True
            external += _graph(file, at, value, model["operators"], domains)
    if not seen_graph or not isinstance(model["ir_version"], int):
        raise NotThis
    model["operators"] = dict(model["operators"].most_common(20))
    findings = [
        Finding(
            Danger.SUSPICIOUS,
            f"domain {domain}",
            f"It calls operators of “{domain}”, which are native code of whoever loads it. Name the library in the card.",
        )
        for domain in sorted(domains - _STANDARD_DOMAINS)
    ]
    if external:
        findings.append(
            Finding(
                Danger.SUSPICIOUS,
                "external data",
                f"{external} tensors lie in other files, by a path of the model's choice. Store the model in one file.",
            )
        )
    return scan_of("onnx", findings, model)


def _graph(file: BinaryIO, start: int, length: int, operators: Counter[str], domains: set[str]) -> int:
    """Count operators and their domains; return how many tensors lie outside the file (data_location = 1)."""
    external = 0
    for number, kind, value, at in _fields(file, start, length):
        if number == 1 and kind == 2:
            for inner, inner_kind, size, place in _fields(file, at, value):
                if inner == 4 and inner_kind == 2:
                    operators[_text(file, place, size)] += 1
                elif inner == 7 and inner_kind == 2:
                    domains.add(_text(file, place, size))
        elif number == 5 and kind == 2:
            external += any(n == 14 and k == 0 and v == 1 for n, k, v, _ in _fields(file, at, value))
    return external


def _opset(file: BinaryIO, start: int, length: int) -> tuple[str, int]:
    domain, version = "", 0
    for number, kind, value, at in _fields(file, start, length):
        if number == 1 and kind == 2:
            domain = _text(file, at, value)
        elif number == 2 and kind == 0:
            version = value
    return domain, version


def _fields(file: BinaryIO, start: int, length: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (field number, wire type, value or length, offset) of a protobuf message; raises NotThis.

    Wire types: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes (protobuf.dev, "Encoding").
    """
    end = start + length
    place = start
    while place < end:
        key, place = _varint(file, place, end)
        number, kind = key >> 3, key & 7
        if number == 0 or kind not in {0, 1, 2, 5}:
            raise NotThis
        if kind == 0:
            value, place = _varint(file, place, end)
            yield number, kind, value, place
            continue
        size, at = (8, place) if kind == 1 else (4, place) if kind == 5 else _varint(file, place, end)
        if at + size > end:
            raise NotThis
        yield number, kind, size, at
        place = at + size


def _varint(file: BinaryIO, place: int, end: int) -> tuple[int, int]:
    file.seek(place)
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte or place + shift // 7 >= end:
            raise NotThis
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value, place + shift // 7 + 1
    raise NotThis


def _text(file: BinaryIO, start: int, length: int) -> str:
    file.seek(start)
    try:
        return file.read(min(length, 500)).decode()
    except UnicodeDecodeError:
        raise NotThis from None
