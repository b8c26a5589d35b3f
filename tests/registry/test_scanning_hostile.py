"""Whoever wants to run code by a model file: whatever an unpickler would import is named, or the file cannot be read."""

import gzip
import io
import lzma
import pickle  # noqa: TID251 - what hostile files do has to be seen before it can be refused
import pickletools
import zipfile
import zlib

import joblib  # noqa: TID251 - files have to be made before they can be read
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.registry.scanning import machine
from apps.registry.scanning.findings import Danger
from tests.registry.test_scanning import Shell, scanned, zipped

#: A disassembler gives up at the hexadecimal number; the unpickler of CPython takes it, forgets it and goes on.
STUMBLE = b"I0x10\n0cos\nsystem\n(S'true'\ntR."
HARMFUL = {Danger.SUSPICIOUS, Danger.UNREADABLE, Danger.DANGEROUS}


class Reached(Exception):
    """An unpickler was about to import something; it is stopped there."""


def stopped(base):
    class Stopped(base):
        def find_class(self, module, name):
            # What no module and no folder can be called is looked for and not found.
            if all(module.split(".")) and not set(": ") & set(module) and module.isprintable():
                raise Reached(f"{module}.{name}")
            raise ModuleNotFoundError(module)

        def persistent_load(self, pid):
            return pid

    return Stopped


UNPICKLERS = [stopped(pickle.Unpickler), stopped(pickle._Unpickler)]


def reaches_an_import(content: bytes) -> bool:
    """Let both unpicklers of CPython read it, up to the first import."""
    for unpickler in UNPICKLERS:
        # That of C makes room for as many memos as LONG_BINPUT says, gigabytes where bytes are random.
        if b"r" in content and unpickler is UNPICKLERS[0]:
            continue
        try:
            unpickler(io.BytesIO(content)).load()
        except Reached:
            return True
        except (
            Exception
        ):  # which ones an unpickler raises on bytes that are no pickle is not limited (docs of pickle)
            continue
    return False


def test_the_unpicklers_come_to_an_import():
    """What the tests below ask of them has an answer."""
    for content in (STUMBLE, *(pickle.dumps(Shell(), protocol=protocol) for protocol in range(6))):
        assert reaches_an_import(content)
    for content in (b"", b"1", b"cno:\nx\n.", pickle.dumps([1])):
        assert not reaches_an_import(content)


def test_the_reader_knows_every_opcode():
    assert set(machine._DO) == {op.name for op in pickletools.opcodes} - {"STOP"}


#: Opcodes with arguments that readers could take differently, and names that matter.
PIECES = [
    b"I0x10\n", b"I 7\n", b"I1_0\n", b"F1_0\n", b"F0x1\n", b"Finf\n", b"L0x1L\n", b"L1_0L\n", b"I\n", b"N", b"K\x01",
    b"M\x01\x00", b"J\x01\x00\x00\x00", b"S'os'\n", b'S"system"\n', b"Sos\n", b"Vos\n", b"V\\u006fs\n", b"Vsystem\n",
    b"U\x02os", b"U\x06system", b"X\x02\x00\x00\x00os", b"\x8c\x02os", b"\x8c\x06system", b"T\x02\x00\x00\x00os",
    b"B\x01\x00\x00\x00x", b"C\x01x", b"\x93", b"cos\nsystem\n", b"c os\nsystem\n", b"cos\r\nsystem\n", b"ios\nsystem\n",
    b"cno:\nsystem\n", b"(", b"0", b"1", b"2", b"q\x00", b"p0\n", b"h\x00", b"g0\n", b"\x94",
    b"\x95\x05\x00\x00\x00\x00\x00\x00\x00", b"\x80\x04", b"\x80\x63", b".", b"]", b"}", b")", b"t", b"l", b"d", b"\x85",
    b"\x86", b"R", b"b", b"a", b"e", b"s", b"u", b"Pid\n", b"Q", b"\x82\x01", b"G" + b"0" * 8, b"\x8a\x01\x05",
    b"\x8b\x01\x00\x00\x00\x05", b"\x8d" + b"\x02" + b"\x00" * 7 + b"os", b"\x96" + b"\x00" * 8, b"\x97", b"\x98",
]  # fmt: skip


@pytest.mark.promise("25")
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
@example(STUMBLE)
@example(b"S'os'\nS'system'\n\x93.")
@example(b"(ios\nsystem\n.")
@example(b"\x95\x05" + b"\x00" * 7 + b"\x94\x94\x8c\x02osDcos\nsystem\n.")
@example(b"]\x95\x05" + b"\x00" * 7 + b"c\x8c\x02osF0x1\n1)cno:\nsystem\n")
@example(b"cosx")
def test_what_an_unpickler_imports_never_passes(content):
    if reaches_an_import(content):
        assert scanned(content).danger in HARMFUL


@pytest.mark.promise("25")
@given(st.data())
def test_no_changed_byte_lets_a_call_of_the_shell_pass(data):
    protocol = data.draw(st.integers(0, 5))
    content = bytearray(pickle.dumps(Shell(), protocol=protocol))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if reaches_an_import(bytes(content)):
        assert scanned(bytes(content)).danger in HARMFUL


@pytest.mark.parametrize("first", range(256))
def test_each_first_byte_before_a_call_of_the_shell(first):
    """The reader knows which first byte ends an unpickler, and no other one."""
    for filling in (b"", b"0\n", b"\x00\x00\x00\x00", b"\x00" * 8, b"\x01x", b"\x01\x00\x00\x00x"):
        content = bytes([first]) + filling + b"cos\nsystem\n(S'true'\ntR."
        if reaches_an_import(content):
            assert scanned(content).danger in HARMFUL, content


def members() -> bytes:
    return zipped(archive__data_dot_pkl=STUMBLE)


def array_of_objects() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([None], dtype=object), allow_pickle=True)
    return file.getvalue()[: file.getvalue().index(b"\n") + 1] + STUMBLE


def array_in_a_zip() -> bytes:
    return zipped(values_dot_npy=array_of_objects())


def encrypted() -> bytes:
    """Return a ZIP of which a member says that it needs a password."""
    content = bytearray(zipped(archive__data_dot_pkl=pickle.dumps(Shell())))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def twice() -> bytes:
    """Return a ZIP with two members of one name, of which readers take different ones."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Shell()))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("archive/data.pkl", pickle.dumps(1))
    return file.getvalue()


def by_a_long_way() -> bytes:
    """The module of the shell by way of itself, longer than a name is."""
    return b"\x80\x04cos\n" + b"path.os." * 600 + b"system\n(S'true'\ntR."


def with_a_long_string() -> bytes:
    return (
        b"\x80\x04X\x02\x00\x00\x00osX"
        + (8 * 600 + 6).to_bytes(4, "little")
        + b"path.os." * 600
        + b"system\x93."
    )


@pytest.mark.promise("25")
@pytest.mark.parametrize("made", [by_a_long_way, with_a_long_string])
def test_a_name_that_is_too_long_to_be_looked_at_does_not_pass(made):
    assert reaches_an_import(made())
    assert scanned(made()).danger in HARMFUL


@pytest.mark.promise("25")
@pytest.mark.parametrize("made", [members, array_of_objects, array_in_a_zip, encrypted, twice])
def test_what_hides_in_another_format_does_not_pass(made):
    assert scanned(made()).danger in HARMFUL


def joblibs(value) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


def behind_an_array() -> bytes:
    """joblib reads an array and goes on behind it; there the call stands."""
    return joblibs([np.arange(9.0), Shell()])


def among_objects() -> bytes:
    """An array of objects is a pickle of its own in the file."""
    return joblibs([np.array([Shell()], dtype=object), 1])


def in_the_numbers() -> bytes:
    """pickle.load does not know of arrays: it takes their bytes for opcodes. The padding, which would end it, is cut."""
    call = b"0cos\nsystem\n(S'true'\ntR."
    content = joblibs([np.frombuffer(call, dtype="u1")])
    at = content.index(call)
    content = content[: at - content[at - 1] - 1 if content[at - 1] < 17 else at] + content[at:]
    mark = content.index(b"numpy_array_alignment_bytes")
    built = content.index(b"ub", mark)
    return content[: built + 2] + content[content.index(call) :]


def with_a_size_of_its_own() -> bytes:
    """The state of a type says another size than its code, so that readers go on at different places."""
    dtype = b"cnumpy\ndtype\n(S'V1'\nI00\nI01\ntR(I3\nS'|'\nNN(dI40\nI1\nI0\ntb"
    state = b"(dS'shape'\n(I1\ntsS'order'\nS'C'\nsS'dtype'\n" + dtype + b"sS'allow_mmap'\nI01\nsb"
    return b"(lcjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + state + b"x" + b"a" * 39 + b"."


def by_another_maker() -> bytes:
    """The mark of an array is made by a call, which the reader does not follow."""
    made = b"ccopyreg\n_reconstructor\n(cjoblib.numpy_pickle\nNumpyArrayWrapper\ncbuiltins\nobject\nNtR"
    return b"\x80\x02" + made + b"}b."


@pytest.mark.promise("25")
@pytest.mark.parametrize(
    "made", [behind_an_array, among_objects, in_the_numbers, with_a_size_of_its_own, by_another_maker]
)
def test_what_hides_beside_the_arrays_of_joblib_does_not_pass(made):
    assert scanned(made()).danger in HARMFUL


def test_an_array_of_numbers_with_a_header_that_is_none_cannot_be_read():
    content = array_of_objects()
    found = scanned(content[:6] + b"\x09\x09" + content[8:])
    assert found.danger == Danger.UNREADABLE
    assert found.findings[0].sentence.endswith("Write the file again.")


W = b"(lcjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81"
CALL = b"0cposix\nsystem\n(S'true'\ntR."
BYTES = b"cnumpy\ndtype\n(S'u1'\nI00\nI01\ntR"
VOID = b"cnumpy\ndtype\n(S'V%d'\nI00\nI01\ntR" % (len(CALL) + 1)


def wrapper(shape: bytes, dtype: bytes, more: bytes = b"") -> bytes:
    state = b"(dS'subclass'\ncnumpy\nndarray\nsS'shape'\n" + shape + b"sS'order'\nS'C'\nsS'dtype'\n" + dtype
    return W + state + b"sS'allow_mmap'\nI01\ns" + more + b"b"


def sized_by(state: bytes) -> bytes:
    """Return an array of one element, of which joblib takes one byte and its code says many."""
    return wrapper(b"(I1\nt", VOID + state + b"b") + b"x" + CALL + b"."


def npz_in_a_buffer() -> bytes:
    """A reader of ZIPs over bytes that lie in the pickle; a dict that is made of it reads its arrays."""
    inner = zipped(x_dot_npy=array_of_objects())
    made = b"\x80\x03ccollections\nOrderedDict\n(cnumpy.lib.npyio\nNpzFile\n(cpandas.io.common\nBytesIO\nB"
    return made + len(inner).to_bytes(4, "little") + inner + b"\x85RI00\nI01\ntRtR."


#: What somebody found who was asked to, with loaders that ran it.
FOUND = {
    "the Popen of a library": b"cnumpy.distutils.fcompiler.gnu\nPopen\n((S'touch'\nS'x'\nltR.",
    "a file that a library opens": b"cscipy.io\nFortranFile\n(S'victim'\nS'w'\ntR.",
    "an expression of pandas": b"cpandas.core.computation.expr\nExpr\n(S'1'\ntR.",
    "a reader of archives": npz_in_a_buffer(),
    "bytes that torch unpickles": b"ctorch.storage\n_load_from_bytes\n(C\x01xtR.",
    "a folder that is a module": b"\x80\x04clib-dynload\n__loader__.__class__\n.",
    "the same from the stack": b"\x80\x04\x8c\x0blib-dynload\x8c\x0a__loader__\x93.",
    "a state of five": sized_by(b"(S'|'\nNNI1\nI1\nt"),
    "a state of six": sized_by(b"(I0\nS'|'\nNNI1\nI1\nt"),
    "a state of seven": sized_by(b"(I1\nS'|'\nNNNI1\nI1\nt"),
    "a state that a call makes": sized_by(b"cbuiltins\ntuple\n((I3\nS'|'\nNNNI1\nI1\nI0\nttR"),
    "two names of one type": wrapper(
        b"(I1\nt", VOID + b"p9\ncnumpy\ndtype\n(g9\nI00\nI00\ntR(I3\nS'|'\nNNNI1\nI1\nI0\ntb0"
    )
    + b"x"
    + CALL
    + b".",
    "a key that equals another": wrapper(
        b"(I%d\nt" % (len(CALL) + 1), BYTES, b"cnumpy\nstr_\n(S'shape'\ntR(I1\nts"
    )
    + b"x"
    + CALL
    + b".",
    "something set on the class": b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n(N(dS'numpy_array_alignment_bytes'\nI16\nstb0"
    + wrapper(b"(I4\nt", BYTES)
    + b"\x02zzzC"
    + bytes([1 + len(CALL)])
    + b"z"
    + CALL
    + b".",
    "a type that is none": wrapper(b"(I1\nt", b"cnumpy\ndtype\n(S'b7'\nI00\nI01\ntR") + b"x.",
    "a module of Python by the name of a type": joblibs(np.array([1], dtype="u1"))[:-1] + b"0cthis\ndtype\n.",
    "an old file of joblib": b"ZF0x20" + b" " * 15 + zlib.compress(CALL),
    "LZMA with a small dictionary": lzma.compress(
        CALL[1:], format=lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 4096}]
    ),
    "an archive behind something": b"{" + zipped(values_dot_npy=array_of_objects()),
    "an archive behind nothing": b"PK\x05\x06\n\x00" + zipped(values_dot_npy=array_of_objects()),
    "an archive behind a text": b"# notes\n" + zipped(archive__data_dot_pkl=pickle.dumps(Shell())),
    "a pickle in capitals": zipped(archive__DATA_dot_PKL=pickle.dumps(Shell(), protocol=0)),
    "a layer with an escape": zipped(config_dot_json=b'{"class_name": "\\u004cambda"}'),
    "a layer of another library": zipped(config_dot_json=b'{"class_name": "X", "module": "os"}'),
    "a layer behind spaces": zipped(model__config_dot_json=b" " * 10_000_001 + b'{"class_name": "Lambda"}'),
    "a description that is none": zipped(config_dot_json=b"["),
    "an HDF5 behind something": b"{".ljust(512) + b"\x89HDF\r\n\x1a\n" + b"\0" * 20,
    "a tar": b"pickle".ljust(257, b"\0") + b"ustar" + b"\0" * 250,
    "something behind a stream": zlib.compress(b"N.") + b"x" * 100,
    "a header that is no header": b"\x93NUMPY\x01\x00\x06\x00{'a': ",
    "a nest of lists": (500_000).to_bytes(8, "little") + b"[" * 500_000,
}


@pytest.mark.promise("25")
@pytest.mark.parametrize("content", FOUND.values(), ids=FOUND)
def test_what_was_found_does_not_pass(content):
    assert scanned(content).danger in HARMFUL


def test_many_layers_of_compression_end():
    content = b"N."
    for _ in range(1500):
        content = gzip.compress(content, mtime=0)
    assert scanned(content).danger == Danger.UNREADABLE
