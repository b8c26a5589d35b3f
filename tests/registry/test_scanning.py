"""Model files are read, never loaded: what each kind would run, hostile ones included."""

import bz2
import gzip
import io
import json
import pickle  # noqa: TID251 - hostile files have to be made before they can be refused
import struct
import zipfile
import zlib

import joblib  # noqa: TID251 - files have to be made before they can be read
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from apps.registry.scanning.findings import Danger
from apps.registry.scanning.worker import scan_file


def scanned(content: bytes):
    return scan_file(io.BytesIO(content), len(content))


class Shell:
    def __reduce__(self):
        return (__import__("os").system, ("true",))


class Stranger:
    def __reduce__(self):
        return (__import__("http.server").server.HTTPServer.handle_timeout, ())


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, weights=np.arange(3.0), names=np.array(["a", "b"]))
    return file.getvalue()


def zipped(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def tensors(header: dict, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_model(*, domain: bytes = b"", external: bool = False) -> bytes:
    node = message(4, b"Gemm") + (message(7, domain) if domain else b"")
    tensor = message(8, b"w") + (varint(14 << 3) + varint(1) if external else b"")
    graph = message(1, node) + message(5, tensor)
    opset = message(1, b"") + varint(2 << 3) + varint(17)
    return varint(1 << 3) + varint(8) + message(2, b"skl2onnx") + message(7, graph) + message(8, opset)


GOOD = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


CASES = [
    (pickle.dumps({"weights": [1.0, 2.0]}), "pickle", Danger.SAFE),
    (pickle.dumps(LogisticRegression().fit([[0.0], [1.0]], [0, 1])), "pickle", Danger.SAFE),
    (pickle.dumps(np.arange(4.0)), "pickle", Danger.SAFE),
    (pickle.dumps(Shell()), "pickle", Danger.DANGEROUS),
    (pickle.dumps(Shell(), protocol=0), "pickle", Danger.DANGEROUS),
    (pickle.dumps(1) + pickle.dumps(Shell()), "pickle", Danger.DANGEROUS),
    (pickle.dumps(Shell())[:-1], "pickle", Danger.DANGEROUS),
    (b"\x80\x04cbuiltins\neval\n(S'1'\ntR.", "pickle", Danger.DANGEROUS),
    (b"\x80\x04cxmlrpc.somewhere\nthing\n.", "pickle", Danger.SUSPICIOUS),
    (gzip.compress(pickle.dumps(Shell())), "compressed pickle", Danger.DANGEROUS),
    (zlib.compress(pickle.dumps(Shell())), "compressed pickle", Danger.DANGEROUS),
    (bz2.compress(pickle.dumps([1])), "compressed pickle", Danger.SAFE),
    (npz(), "npz", Danger.SAFE),
    (zipped(archive__data_dot_pkl=pickle.dumps(Shell())), "torch", Danger.DANGEROUS),
    (zipped(code__model_dot_py=b"print()"), "zip", Danger.SUSPICIOUS),
    (zipped(config_dot_json=b'{"class_name": "Lambda"}'), "keras", Danger.SUSPICIOUS),
    (zipped(config_dot_json=b'{"class_name": "Dense"}'), "keras", Danger.SAFE),
    (tensors(GOOD, b"\0" * 8), "safetensors", Danger.SAFE),
    (tensors(GOOD, b"\0" * 9), "safetensors", Danger.UNREADABLE),
    (tensors({"w": GOOD["w"], "v": {**GOOD["w"]}}, b"\0" * 8), "safetensors", Danger.UNREADABLE),
    (onnx_model(), "onnx", Danger.SAFE),
    (onnx_model(domain=b"evil.ops"), "onnx", Danger.SUSPICIOUS),
    (onnx_model(external=True), "onnx", Danger.SUSPICIOUS),
    (b"\x89HDF\r\n\x1a\n" + b"\0" * 20, "hdf5", Danger.SUSPICIOUS),
    (b'{"learner": {}}', "text", Danger.SAFE),
    (b"\x00weights", "unknown", Danger.UNKNOWN),
    (b"we\xffights", "unknown", Danger.UNKNOWN),
    (b"", "empty", Danger.UNREADABLE),
    (b"PK\x03\x04 torn", "zip", Danger.UNREADABLE),
    (gzip.compress(b"x" * 100)[:-9], "compressed", Danger.UNREADABLE),
]


@pytest.mark.parametrize(
    ("content", "kind", "danger"),
    CASES,
    ids=[f"{number} {kind} {danger}" for number, (_, kind, danger) in enumerate(CASES)],
)
def test_each_kind_of_file(content, kind, danger):
    found = scanned(content)
    assert (found.format, found.danger) == (kind, danger), found
    for finding in found.findings:
        assert finding.sentence.endswith("."), finding


def test_a_finding_names_what_would_be_called():
    found = scanned(pickle.dumps(Shell()))
    assert found.findings[0].what in {"posix.system", "os.system"}
    assert "Do not load it" in found.findings[0].sentence


def test_headers_are_told_without_reading_weights():
    found = scanned(tensors({**GOOD, "__metadata__": {"framework": "pt"}}, b"\0" * 8))
    assert found.header == {
        "tensors": 1,
        "parameters": 2,
        "dtypes": {"F32": 1},
        "metadata": {"framework": "pt"},
    }
    about = scanned(onnx_model()).header
    assert about["producer"] == "skl2onnx"
    assert about["opsets"] == {"ai.onnx": 17}
    assert about["operators"] == {"Gemm": 1}


def test_a_bomb_stops_at_the_limit(monkeypatch):
    monkeypatch.setattr("apps.registry.scanning.worker.MOST_UNPACKED", 3_000_000)
    found = scanned(zlib.compress(b"\0" * 50_000_000))
    assert found.danger == Danger.UNREADABLE
    assert "unpacks to more than" in found.findings[0].sentence


@given(st.binary(max_size=300))
def test_no_bytes_break_it(content):
    assert scanned(content).danger in set(Danger)


@pytest.mark.parametrize("more", [0, 1, 2, 257, 258, 259, 65_536])
def test_a_stream_that_unpacks_to_whole_pieces_and_a_little_is_read_to_its_end(more):
    content = pickle.dumps(b"\0" * ((2 << 20) + more))
    assert scanned(zlib.compress(content)).danger == Danger.SAFE


def test_a_tuple_that_holds_itself_is_read():
    """Its pickle takes back what it pushed (POP_MARK; POP in protocol 0). Protocol 1 has no mark to be known by."""
    held: list = []
    held.append((held, 1, 2, 3))
    for protocol in (0, 2, 3, 4, 5):
        assert scanned(pickle.dumps(held[0], protocol=protocol)).danger == Danger.SAFE


def dumped(value, **options) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


X = np.random.default_rng(7).random((60, 4))
Y = (X[:, 0] > 0.5).astype(int)
TABLE = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.where(Y, "u", "v"))
COLUMNS = ColumnTransformer([("n", StandardScaler(), ["a", "b"]), ("k", OneHotEncoder(), ["kind"])])


@pytest.mark.parametrize("options", [{}, {"compress": 3}, {"protocol": 2}], ids=str)
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression().fit(X, Y),
        RandomForestClassifier(5, random_state=1).fit(X, Y),
        HistGradientBoostingClassifier(max_iter=3).fit(X, Y),
        KNeighborsClassifier().fit(X, Y),
        make_pipeline(COLUMNS, LogisticRegression()).fit(TABLE, Y),
        {"objects": np.array(["a", None], dtype=object), "none": np.zeros((0, 3)), "one": np.array(1.0)},
    ],
    ids=lambda one: type(one).__name__,
)
def test_estimators_as_scikit_learns_guide_keeps_them_pass(model, options):
    """scikit-learn.org, "Model persistence": joblib writes arrays beside the pickle, which ends no disassembler whole."""
    found = scanned(dumped(model, **options))
    assert found.format.removeprefix("compressed ") == "pickle"
    assert found.danger == Danger.SAFE, found
    assert scanned(dumped(model, **options)[:-1]).danger == Danger.UNREADABLE
