"""Follow a pickle as an unpickler does, over symbols: what it would import is named, and nothing is imported or called.

A disassembler stops where an argument makes no sense to it, such as the number of ``I0x10``; the unpickler of CPython
takes that number and goes on. So nothing ends this reading but an opcode that is none, an import that must fail, a
stack or a memo without what an opcode takes from it, and the end of the file; a value that is not understood is
carried on as not known.
Protocols 0 to 5 (PEP 307, PEP 3154, PEP 574; pickletools; Modules/_pickle.c).
"""

import codecs
import pickletools
import re
from collections.abc import Callable
from typing import Any, BinaryIO

from apps.registry.scanning.stream import Stream
from apps.registry.scanning.symbols import MARK, UNKNOWN, UNSURE, WRAPPER, Made, Name, Reading, Value

_OPS = {ord(op.code): op for op in pickletools.opcodes}
_NO_MODULE = re.compile("[\x00-\x20:\ufffd]|[=<>~!]=|[<>]\\d")


class _Dead(Exception):
    """No unpickler gets past this opcode."""


def demand_module(name: str) -> None:
    """Raise _Dead where no module has this name: its import fails, and with it whatever follows.

    A folder beside the standard library is a module, too, though its name is no identifier (``lib-dynload``); what no
    such folder has is a blank, a colon, the sign of a requirement, a control character, or bytes that are no text.
    """
    if _NO_MODULE.search(name) or not all(name.split(".")):
        raise _Dead


class Machine:
    """The stack and the memo of an unpickler. ``arrays`` reads what stands behind an instance of WRAPPER, as joblib does."""

    def __init__(
        self, file: BinaryIO, reading: Reading, arrays: Callable[["Machine", Made], None] | None = None
    ) -> None:
        """Read from where the file is now."""
        self.stream = Stream(file)
        self.reading = reading
        self.arrays = arrays
        self.stack: list[Any] = []
        self.memo: dict[int | None, Any] = {}

    def run(self) -> None:
        """Follow one pickle after the other to the end of the file, or to where an unpickler fails."""
        try:
            while self.one():
                self.stack, self.memo = [], {}
        except _Dead:
            return
        self.reading.whole = True

    def one(self) -> bool:
        """Follow a pickle; return whether there was one."""
        op = _OPS.get(self.stream.byte())
        if op is None and self.stream.ended:
            return False
        if op is None or op.name == "STOP":
            raise _Dead
        while op.name != "STOP":
            start = self.stream.place - 1
            try:
                _DO[op.name](self, op)
            finally:
                # Unpicklers differ in what they read where an argument passes the end of its frame.
                self.reading.odd |= self.stream.torn(start)
            op = _OPS.get(self.stream.byte())
            if op is None:
                raise _Dead
        self.reading.odd |= self.stream.place < self.stream.frame_end
        return True

    def import_(self, module: Any, name: Any) -> None:
        """Push what has this name, or what is not known where the names are not; a name that no module has ends it."""
        if not (isinstance(module, str) and isinstance(name, str)):
            # A bare instance is no string, or the empty one, which names no module. What a call gives may be one.
            if isinstance(module, tuple | dict | int | None) or (isinstance(module, Made) and module.bare):
                raise _Dead
            self.reading.odd = True
            self.stack.append(UNKNOWN)
        else:
            demand_module(module)
            self.reading.names[module, name] = None
            self.stack.append(Name(module, name))

    def pop(self) -> Any:
        """Take from the stack; nothing lies above a mark."""
        if not self.stack or self.stack[-1] is MARK:
            raise _Dead
        return self.stack.pop()

    def top(self) -> Any:
        """Look at the top of the stack."""
        if not self.stack or self.stack[-1] is MARK:
            raise _Dead
        return self.stack[-1]

    def to_mark(self) -> list[Any]:
        """Take what lies above the newest mark, and the mark."""
        place = len(self.stack) - 1
        while place >= 0 and self.stack[place] is not MARK:
            place -= 1
        if place < 0:
            raise _Dead
        taken = self.stack[place + 1 :]
        del self.stack[place:]
        return taken

    def watch(self, *values: Any) -> None:
        """See what goes into a container: the class of WRAPPER is for making an instance at once and nothing else."""
        if any(isinstance(one, Name) and (one.module, one.name) == WRAPPER for one in values):
            self.reading.odd = True


_Do = Callable[[Machine, pickletools.OpcodeInfo], None]
_DO: dict[str, _Do] = {}


def _does(*names: str) -> Callable[[_Do], _Do]:
    def under(function: _Do) -> _Do:
        _DO.update(dict.fromkeys(names, function))
        return function

    return under


def _argument(machine: Machine, op: pickletools.OpcodeInfo) -> bytes | None:
    """Read the bytes of the argument; None where they are too many to be a name or a number."""
    assert op.arg is not None
    if op.arg.n == pickletools.UP_TO_NEWLINE:
        return machine.stream.line()
    size = op.arg.n
    if size < 0:
        width, signed = _WIDTHS[size]
        size = int.from_bytes(machine.stream.take(width) or b"", "little", signed=signed)
        if size < 0:
            raise _Dead
    return machine.stream.take(size)


_WIDTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: (1, False),
    pickletools.TAKEN_FROM_ARGUMENT4: (4, True),
    pickletools.TAKEN_FROM_ARGUMENT4U: (4, False),
    pickletools.TAKEN_FROM_ARGUMENT8U: (8, False),
}


@_does("FLOAT", "BINFLOAT", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "PERSID")
def _unread(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    _argument(machine, op)
    machine.stack.append(UNKNOWN)


@_does("NONE", "NEXT_BUFFER", "EMPTY_LIST", "EMPTY_SET")
def _nothing(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.stack.append(None if op.name == "NONE" else Value())


@_does("NEWTRUE", "NEWFALSE")
def _boolean(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.stack.append(op.name == "NEWTRUE")


@_does("BININT", "BININT1", "BININT2", "LONG1", "LONG4")
def _number(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    content = _argument(machine, op)
    signed = op.name not in {"BININT1", "BININT2"}
    machine.stack.append(UNKNOWN if content is None else int.from_bytes(content, "little", signed=signed))


@_does("INT", "LONG")
def _written_number(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    digits = _argument(machine, op) or b""
    known: Any = {b"00": False, b"01": True}.get(digits, UNKNOWN) if op.name == "INT" else UNKNOWN
    if digits.isdigit() and not digits.startswith(b"0"):
        known = int(digits)
    machine.stack.append(known)


@_does("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
def _text(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    content = _argument(machine, op)
    try:
        machine.stack.append(UNKNOWN if content is None else _decoded(op.name, content))
    except ValueError:
        machine.stack.append(UNKNOWN)


def _decoded(kind: str, content: bytes) -> str:
    if kind == "STRING":
        quoted = content.strip()
        if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in {b"'", b'"'}:
            raise ValueError
        return codecs.escape_decode(quoted[1:-1])[0].decode("ascii")
    if kind == "UNICODE":
        return content.decode("raw-unicode-escape")
    return content.decode("ascii" if kind.endswith("BINSTRING") else "utf-8")


@_does("GLOBAL", "INST")
def _global(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    module, beginning = machine.stream.line(), machine.stream.beginning
    name = machine.stream.line()
    if module is None or name is None:
        demand_module((beginning if module is None else module).decode(errors="replace"))
        machine.import_(UNKNOWN, UNKNOWN)
    else:
        machine.import_(module.decode(errors="replace"), name.decode(errors="replace"))
    if op.name == "INST":
        callee = machine.pop()
        machine.watch(callee, *machine.to_mark())
        machine.stack.append(Made(callee, UNKNOWN))


@_does("STACK_GLOBAL")
def _stack_global(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    name, module = machine.pop(), machine.pop()
    machine.import_(module, name)


@_does("EXT1", "EXT2", "EXT4")
def _extension(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    _argument(machine, op)
    machine.import_(UNKNOWN, UNKNOWN)


@_does("MARK")
def _mark(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.stack.append(MARK)


@_does("POP")
def _pop(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    # A mark on top is taken, too.
    if not machine.stack:
        raise _Dead
    machine.stack.pop()


@_does("POP_MARK")
def _pop_mark(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.to_mark()


@_does("DUP")
def _dup(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.stack.append(machine.top())


@_does("EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "TUPLE", "LIST", "FROZENSET")
def _collected(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    few = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}.get(op.name)
    items = machine.to_mark() if few is None else [machine.pop() for _ in range(few)][::-1]
    machine.watch(*items)
    machine.stack.append(tuple(items) if "TUPLE" in op.name else Value())


@_does("APPEND", "APPENDS", "ADDITEMS")
def _appended(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.watch(*([machine.pop()] if op.name == "APPEND" else machine.to_mark()))
    machine.top()


@_does("EMPTY_DICT", "DICT")
def _dict(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    items = machine.to_mark() if op.name == "DICT" else []
    made: dict[str, Any] = {}
    machine.stack.append(made)
    _set(machine, items)


@_does("SETITEM", "SETITEMS")
def _set_items(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    items = machine.to_mark() if op.name == "SETITEMS" else [machine.pop(), machine.pop()][::-1]
    _set(machine, items)


def _set(machine: Machine, items: list[Any]) -> None:
    """Set in the dict on top what has a name; numbers and the like are of no matter."""
    machine.watch(*items)
    target = machine.top()
    if isinstance(target, dict):
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(key, str):
                target[key] = value
            elif isinstance(key, Value):
                # It can be a string by which another one is taken.
                target[UNSURE] = None


@_does("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
def _put(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.memo[len(machine.memo) if op.name == "MEMOIZE" else _place(machine, op)] = machine.top()


@_does("GET", "BINGET", "LONG_BINGET")
def _get(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    place = _place(machine, op)
    if None in machine.memo or place is None:
        machine.stack.append(UNKNOWN)
    elif place in machine.memo:
        machine.stack.append(machine.memo[place])
    else:
        raise _Dead


def _place(machine: Machine, op: pickletools.OpcodeInfo) -> int | None:
    """Return the place in the memo; None where the number cannot be read, which another unpickler may be able to."""
    content = _argument(machine, op) or b""
    if op.name not in {"PUT", "GET"}:
        return int.from_bytes(content, "little")
    try:
        return int(content)
    except ValueError:
        return None


@_does("REDUCE", "NEWOBJ", "OBJ", "NEWOBJ_EX")
def _made(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    keywords = machine.pop() if op.name == "NEWOBJ_EX" else None
    taken = machine.to_mark() if op.name == "OBJ" else [machine.pop(), machine.pop()][::-1]
    if not taken:
        raise _Dead
    callee, arguments = (taken[0], taken[1]) if op.name != "OBJ" else (taken[0], UNKNOWN)
    bare = op.name == "NEWOBJ" and arguments == ()
    if not bare:
        machine.watch(*taken, keywords)
    machine.stack.append(Made(callee, arguments, bare))


@_does("BUILD")
def _build(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    state = machine.pop()
    machine.watch(state)
    target = machine.top()
    # No pickler sets anything on a class.
    machine.reading.odd |= isinstance(target, Name) or target is UNKNOWN
    if isinstance(target, Made):
        # numpy.dtype of a type is that type itself, of which this value would not know.
        typed = isinstance(target.callee, Name) and target.callee.name == "dtype"
        given = target.arguments if isinstance(target.arguments, tuple) else (UNKNOWN,)
        machine.reading.odd |= typed and any(isinstance(one, Value) for one in given)
        if isinstance(target.state, dict) and isinstance(state, dict):
            target.state.update(state)
        else:
            target.state = dict(state) if isinstance(state, dict) else state
        wrapped = isinstance(target.callee, Name) and (target.callee.module, target.callee.name) == WRAPPER
        if wrapped and machine.arrays is not None:
            machine.pop()
            machine.arrays(machine, target)
            machine.stack.append(UNKNOWN)


@_does("PROTO")
def _proto(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    _argument(machine, op)


@_does("FRAME")
def _frame(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    size = int.from_bytes(machine.stream.take(8) or b"", "little")
    machine.reading.odd |= machine.stream.framed(size)


@_does("BINPERSID", "READONLY_BUFFER")
def _other(machine: Machine, op: pickletools.OpcodeInfo) -> None:
    machine.pop()
    machine.stack.append(UNKNOWN)
