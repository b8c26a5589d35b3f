"""Texts beside a model: MLflow's own pass, and what imports or runs something is named."""

import json

import pytest

from apps.registry.scanning.findings import Danger
from apps.registry.scanning.names import by_name
from tests.registry.test_scanning import scanned, zipped

#: As MLflow 3.17 writes them for an estimator of scikit-learn.
MLMODEL = b"""flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.skops
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.skops
    serialization_format: skops
    sklearn_version: 1.9.1
    skops_trusted_types: null
mlflow_version: 3.17.2
model_uuid: d3a3ae54dadc4c8fa6b5a1dacaf900db
utc_time_created: '2026-11-27 07:50:52.927666'
"""
CONDA = b"""channels:
- conda-forge
dependencies:
- python=3.11.7
- pip<=23.2.1
- pip:
  - mlflow==3.17.2
  - cloudpickle==3.1.3
name: mlflow-env
"""
PYTHON_ENV = (
    b"python: 3.11.7\nbuild_dependencies:\n- pip==23.2.1\n- wheel\ndependencies:\n- -r requirements.txt\n"
)


def described(flavor: str, name: str = "python_function") -> bytes:
    return f"artifact_path: model\nflavors:\n  {name}:\n    {flavor}\n".encode()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (MLMODEL, "mlmodel"),
        (CONDA, "text"),
        (PYTHON_ENV, "text"),
        (b"mlflow==3.17.2\npandas==3.1.1\ncloudpickle==3.1.3", "text"),
        (b"cloudpickle==3.1.3\r\nnumpy==2.3\r\n", "text"),
        (b"Flask==3.1\nJinja2==3.1\nPyYAML==6.0\n", "text"),
        (b"importlib-metadata==8.7\n", "text"),
        ("# Größe\nWas es ist! Und wofür: alles.\n".encode(), "text"),
        (b"\xef\xbb\xbfLicence\n", "text"),
        (b"import notes\nby hand\n", "text"),
        (b"1,2.5\n3,4.5\n", "text"),
        (described("loader_module: mlflow.pyfunc.model"), "mlmodel"),
        (described("model_class: xgboost.sklearn.XGBClassifier", "xgboost"), "mlmodel"),
        (described("keras_module: tensorflow.keras", "tensorflow"), "mlmodel"),
        (b'{"learner": {"version": [3, 0, 0]}}', "text"),
        (described("skops_trusted_types: [numpy.ndarray, sklearn.svm._classes.SVC]", "sklearn"), "mlmodel"),
    ],
    ids=lambda one: one[:20].decode(errors="replace") if isinstance(one, bytes) else "",
)
def test_what_runs_nothing_passes(content, kind):
    found = scanned(content)
    assert (found.format, found.danger) == (kind, Danger.SAFE), found


@pytest.mark.promise("25")
@pytest.mark.parametrize(
    ("content", "danger", "what"),
    [
        (described("loader_module: helpers"), Danger.SUSPICIOUS, "helpers"),
        (described("loader_module: mlflow_evil.x"), Danger.SUSPICIOUS, "mlflow_evil.x"),
        (described("loader_module: mlflow"), Danger.SUSPICIOUS, "mlflow"),
        (described("code: code"), Danger.SUSPICIOUS, "python_function.code"),
        (described("model_code_path: model.py"), Danger.SUSPICIOUS, "python_function.model_code_path"),
        (described("skops_trusted_types: [posix.system]", "sklearn"), Danger.SUSPICIOUS, "posix.system"),
        (described("skops_trusted_types: posix.system", "sklearn"), Danger.SUSPICIOUS, "posix.system"),
        (b"flavors: all\n", Danger.UNREADABLE, "damaged"),
        (b"flavors: {a: [1]}\n", Danger.UNREADABLE, "damaged"),
        (b"a: !!python/object/apply:os.system ['true']\n", Danger.DANGEROUS, "object/apply:os.system"),
        (
            b"%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!name:os.system\n",
            Danger.DANGEROUS,
            "name:os.system",
        ),
        (b"- !<tag:yaml.org,2002:python/module:os> x\n", Danger.DANGEROUS, "module:os"),
        (b"- !!python/object:os.x {}\n---\n[torn", Danger.DANGEROUS, "object:os.x"),
        (b"cos\nsystem\n(S'true'\ntR.", Danger.DANGEROUS, "os.system"),
        (b'{"flavors": {"python_function": {"loader_module": "evil"}}}', Danger.SUSPICIOUS, "evil"),
        (b'"flav\\x6frs":\n  a:\n    loader_module: evil\n', Danger.SUSPICIOUS, "evil"),
        (described("model_class: os.abort", "xgboost"), Danger.SUSPICIOUS, "os.abort"),
        (described("keras_module: evil", "tensorflow"), Danger.SUSPICIOUS, "tensorflow.keras_module"),
        (b'{a: !!python/object/apply:os.system ["x"]}', Danger.DANGEROUS, "object/apply:os.system"),
        (b'%YAML 1.3\n--- !!python/object/apply:os.system ["x"]\n', Danger.UNREADABLE, "damaged"),
    ],
    ids=lambda one: one[:60].decode() if isinstance(one, bytes) else "",
)
def test_what_imports_or_runs_something_is_named(content, danger, what):
    found = scanned(content)
    assert found.danger == danger
    assert what in {one.what for one in found.findings}
    for one in found.findings:
        assert one.sentence.endswith(".")


def test_plain_values_that_pyyaml_marks_are_none_of_them():
    assert scanned(b"- !!python/tuple [1, 2]\n- !!python/none ''\n- !mine x\n").danger == Danger.SAFE


def test_a_text_that_is_too_long_to_be_read_is_of_no_known_format(monkeypatch):
    monkeypatch.setattr("apps.registry.scanning.texts.MOST_TEXT", 10)
    assert scanned(MLMODEL).danger == Danger.UNKNOWN


def test_aliases_that_multiply_take_no_room():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert scanned("\n".join(lines).encode()).danger == Danger.SAFE
    deep = b"- " * 5000 + b"x"
    assert scanned(deep).danger == Danger.SAFE


def skops(**named: str) -> bytes:
    node = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": named}
    return zipped(schema_dot_json=json.dumps(node).encode())


def test_a_file_of_skops_names_its_types():
    model = {
        "__class__": "LogisticRegression",
        "__module__": "sklearn.linear_model",
        "__loader__": "ObjectNode",
    }
    found = scanned(skops(model=model))
    assert (found.format, found.danger) == ("skops", Danger.SAFE)
    evil = {"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode"}
    found = scanned(skops(model=[model, {"key": evil}]))
    assert (found.danger, found.findings[0].what) == (Danger.SUSPICIOUS, "posix.system")
    assert scanned(skops(model={"__class__": "eval", "__module__": "builtins"})).danger == Danger.SUSPICIOUS
    assert scanned(zipped(schema_dot_json=b"{")).danger == Danger.UNREADABLE


def test_what_mlflow_reads_by_its_name_is_judged_by_it():
    for content, path, whats in (
        (MLMODEL, "model/MLmodel", []),
        (b"# nothing\n", "model/MLmodel", ["MLmodel"]),
        (b"# nothing\n", "model/notes", []),
        (b"mlflow.pytorch.pickle_module", "data/pickle_module_info.txt", []),
        (b"evil", "data/pickle_module_info.txt", ["pickle_module_info.txt"]),
        (b"tensorflow.keras\n", "data/keras_module.txt", []),
        (b"import evil", "data/keras_module.txt", ["keras_module.txt"]),
        (b"numpy\n", "code/Helper.PY", ["code"]),
    ):
        found = scanned(content)
        assert [one.what for one in by_name(path, found.format, found.header)] == whats, path
