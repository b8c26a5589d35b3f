"""Read every opcode of every pickle, and judge each name that it would import. Nothing is ever unpickled."""

import io
import math
import re
import sys
from typing import Any, BinaryIO, TypeGuard

import numpy as np
from picklescan import scanner

from apps.registry.scanning.findings import Danger, Finding, Scan, scan_of
from apps.registry.scanning.machine import Machine
from apps.registry.scanning.names import judged
from apps.registry.scanning.symbols import UNSURE, WRAPPER, Made, Name, Reading

MOST_FINDINGS = 100
_PLAIN = re.compile(r"[\w.]+")


def pickled(kind: str, file: BinaryIO) -> Scan:
    """Read the pickles from here to the end of the file; the header counts their ``imports``.

    Where joblib's mark of an array is among them it is read a second time as joblib reads it.
    """
    start = file.tell()
    reading = Reading()
    Machine(file, reading).run()
    names, whole = reading.names, reading.whole
    if WRAPPER in names:
        file.seek(start)
        second = Reading(odd=reading.odd)
        Machine(file, second, _array).run()
        # An array of objects is a pickle with a memo of its own. One that is read on as the same pickle takes another
        # string for "numpy" there, and fails; the type of an array is all that it can ask of a module by that name.
        # It is a word of the file itself, and not a module: none of those is meant that Python comes with.
        beyond = {
            one: None
            for one in names
            if one in second.names or one[1] != "dtype" or one[0].split(".")[0] in sys.stdlib_module_names
        }
        names, whole, reading.odd = beyond | second.names, second.whole, second.odd
    findings = [one for one in map(_judged, names) if one.danger != Danger.SAFE]
    if reading.odd or (names and not whole):
        findings.append(unreadable("it is damaged, or made so that a scanner stumbles"))
    findings.sort(key=lambda one: (one.danger != Danger.DANGEROUS, one.what))
    return scan_of(kind, findings[:MOST_FINDINGS], {"imports": len(names)})


def _judged(name: tuple[str, str]) -> Finding:
    """Judge an import; which ones are dangerous picklescan knows, to which it is shown as a pickle of that import alone."""
    dangerous = False
    if all(map(_PLAIN.fullmatch, name)):
        alone = io.BytesIO(f"c{name[0]}\n{name[1]}\n.".encode())
        found = scanner.scan_pickle_bytes(alone, "import").globals
        dangerous = any(one.safety == scanner.SafetyLevel.Dangerous for one in found)
    return judged(*name, dangerous=dangerous)


def _array(machine: Machine, wrapper: Made) -> None:
    """Go past the array that stands behind its wrapper (joblib.numpy_pickle.NumpyArrayWrapper.read_array)."""
    state = wrapper.state if isinstance(wrapper.state, dict) and wrapper.bare else {}
    shape, kind = state.get("shape"), _dtype(state.get("dtype"))
    inside = machine.stream.place < machine.stream.frame_end
    if UNSURE in state or inside or kind is None or not _sizes(shape):
        machine.reading.odd = True
        return
    # The frame of the wrapper ends before its array.
    machine.stream.frame_end = 0
    if kind.hasobject:
        inner = Machine(machine.stream.file, machine.reading)
        inner.one()
        machine.stream.place += inner.stream.place
        return
    if state.get("numpy_array_alignment_bytes") is not None:
        padding = machine.stream.byte()
        machine.stream.take(max(padding, 0))
    machine.stream.take(math.prod(shape) * kind.itemsize)


def _sizes(shape: Any) -> TypeGuard[tuple[int, ...]]:
    return isinstance(shape, tuple) and all(type(one) is int and one >= 0 for one in shape)


def _dtype(value: Any) -> "np.dtype[Any] | None":
    """Return the type of the elements; none where its state could change the size that its code says."""
    if not (
        isinstance(value, Made) and isinstance(value.callee, Name) and isinstance(value.arguments, tuple)
    ):
        return None
    code = value.arguments[0] if value.arguments else None
    if (value.callee.module, value.callee.name) != ("numpy", "dtype") or not isinstance(code, str):
        return None
    if not re.fullmatch(r"[<>|=]?([biufcmM?]\d{0,2}|[VSUO]\d{0,9})", code):
        return None
    try:
        kind = np.dtype(code)
    except (TypeError, ValueError):
        return None
    if value.state is None:
        return kind
    # Versions of the state of numpy.dtype before the third are shorter, and are read in another way.
    if (
        not isinstance(value.state, tuple)
        or len(value.state) not in {8, 9}
        or type(value.state[0]) is not int
    ):
        return None
    size, flags = value.state[5], value.state[7]
    same = size in {-1, kind.itemsize} and (kind.hasobject or (isinstance(flags, int) and not flags & 1))
    return kind if same and value.state[0] in {3, 4} else None


def array(file: BinaryIO) -> Scan:
    """Read an array in NumPy's format: one of objects is a pickle (numpy.lib.format).

    What its header makes NumPy's parser raise is not documented, and left to the caller.
    """
    first = np.lib.format.read_magic(file) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    _, _, dtype = read(file)
    return pickled("npy", file) if dtype.hasobject else scan_of("npy", [], {"imports": 0})


def unreadable(why: str) -> Finding:
    """Return the finding that a file cannot be read to its end."""
    return Finding(
        Danger.UNREADABLE, "damaged", f"It cannot be read to its end ({why[:200]}). Write the file again."
    )
