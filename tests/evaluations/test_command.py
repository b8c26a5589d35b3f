"""The engine at the command line, as somebody without the portal uses it."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.core import sandbox
from apps.evaluations.engine.guarded import guarded
from apps.evaluations.engine.reading.files import read_source
from apps.evaluations.engine.table import Limits, TableInvalid
from tests.evaluations.golden import ROOT


def run(*arguments, module: str = "apps.evaluations.engine") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(1)
    score = rng.random(3000).round(3)
    columns = {
        "row_id": np.arange(3000),
        "y_true": (rng.random(3000) < score).astype(int),
        "y_score": score,
        "race": rng.choice(["A", "B"], 3000),
        "income": rng.random(3000),
    }
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "table.parquet")
    for place in range(2):
        pq.write_table(table.slice(place * 1500, 1500), tmp_path / f"part-{place}.parquet")
    return tmp_path


def test_the_report_of_the_issue_s_own_command(files):
    done = run(files / "table.parquet", "--task", "binary", "--sensitive", "race")
    assert done.returncode == 0, done.stderr
    assert "3,000 rows" in done.stdout
    assert "race: disparate impact" in done.stdout
    assert "roc_auc" in done.stdout


def test_the_same_command_gives_the_same_bytes_whatever_the_threads(files, monkeypatch):
    found = set()
    for threads in ("1", "2"):
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"):
            monkeypatch.setenv(name, threads)
        found.add(run(files / "table.parquet", "--sensitive", "race", "--json").stdout)
    assert len(found) == 1
    assert json.loads(found.pop())["schema_version"] == 2


def test_several_files_are_one_table(files):
    whole = json.loads(run(files / "table.parquet", "--sensitive", "race", "--json").stdout)
    parts = json.loads(
        run(files / "part-0.parquet", files / "part-1.parquet", "--sensitive", "race", "--json").stdout
    )
    assert parts["parts"] == 2
    assert parts["metrics"] == whole["metrics"]
    assert parts["fairness"] == whole["fairness"]


def test_a_champion_is_compared(files):
    found = json.loads(run(files / "table.parquet", "--champion", files / "table.parquet", "--json").stdout)
    assert found["comparison"]["paired"]
    assert {one["verdict"] for one in found["comparison"]["metrics"]} == {"no difference shown"}


def test_several_files_are_compared_with_a_champion_too(files):
    parts = files / "part-0.parquet", files / "part-1.parquet"
    found = json.loads(run(*parts, "--champion", files / "table.parquet", "--json").stdout)
    whole = json.loads(run(files / "table.parquet", "--champion", files / "table.parquet", "--json").stdout)
    assert found["comparison"] == whole["comparison"]
    regression = ("--task", "regression", "--prediction", "y_score", "--champion", files / "table.parquet")
    found = json.loads(run(files / "table.parquet", *regression, "--json").stdout)
    assert found["comparison"]["rows"] == 3000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--task", "regression"), "needs to know which column is the prediction"),
        (("--label", "truth"), "There is no column “truth”"),
        (("--threshold", "2"), "threshold lies between 0 and 1"),
        (("--resamples", "3"), "resamples is a whole number"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(files, arguments, words):
    done = run(files / "table.parquet", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_checks_of_data_end_like_a_gate(files):
    module = "apps.evaluations.engine.datachecks"
    parts = files / "part-0.parquet", files / "part-1.parquet"
    clean = run("leakage", *parts, "--label", "y_true", "--key", "row_id", module=module)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    leaking = run("leakage", parts[0], parts[0], "--key", "row_id", module=module)
    assert leaking.returncode == 1
    assert json.loads(leaking.stdout)["shared_keys"]["test_rows"] == 1500
    assert run("skew", *parts, "--key", "row_id", module=module).returncode == 2
    assert json.loads(run("profile", parts[0], module=module).stdout)["rows"] == 1500


def test_the_engine_imports_neither_django_nor_its_oracles():
    """Workers pay for each import: scikit-learn, fairlearn, pandas and statsmodels stay out, and so does the portal."""
    code = (
        "import sys; from apps.evaluations.engine import worker; from apps.evaluations.engine.tasks import task_module;"
        "from apps.evaluations.engine.columns import TASKS; [task_module(name) for name in TASKS];"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"django", "celery", "sklearn", "fairlearn", "pandas", "statsmodels", "polars"} & set(
        done.stdout.split()
    )


def small_parquet(path):
    """Write forty rows without a dictionary, in two row groups."""
    n = 40
    table = pa.table({"y": np.arange(n) % 2, "s": np.arange(n) / n, "g": ["a", "bb"] * (n // 2)})
    pq.write_table(table, path, row_group_size=20, use_dictionary=False)
    return bytearray(path.read_bytes())


#: Found by the fuzzer below: a footer whose level histogram has four counts where there is one, which Arrow aborts on.
ABORTS = ROOT / "tests" / "evaluations" / "damaged" / "aborts.parquet"
COLUMNS = ("--label", "y", "--score", "s", "--slice", "g")


def test_a_parquet_file_that_aborts_arrow_is_a_sentence():
    """No except hears an abort: the command reads in a child, and says what the portal says of the same file."""
    done = run(ABORTS, *COLUMNS)
    assert done.returncode == 2
    assert done.stderr.startswith("The file could not be read: It stopped unexpectedly (what():")
    assert len(done.stderr.splitlines()) == 1
    columns = {"task": "binary", "label": "y", "score": "s", "slices": ["g"]}
    payload = {"path": str(ABORTS), "columns": columns}
    limits = {"memory_mb": 3000, "cpu_seconds": 30, "wall_seconds": 60}
    with pytest.raises(sandbox.SandboxFailed) as caught:
        sandbox.call("apps.evaluations.engine.worker:inspect", payload, **limits)
    assert caught.value.code == "crash"
    assert done.stderr.strip() == f"The file could not be read: {caught.value.sentence}"
    checked = run("profile", ABORTS, module="apps.evaluations.engine.datachecks")
    assert (checked.returncode, len(checked.stderr.splitlines())) == (2, 1)


@pytest.mark.slow
def test_flipped_bytes_of_a_parquet_file_never_end_in_a_traceback(tmp_path):
    good = small_parquet(tmp_path / "good.parquet")
    rng = np.random.default_rng(4)
    path, columns = tmp_path / "bad.parquet", ("y", "s", "g")
    for _ in range(150):
        damaged = bytearray(good)
        damaged[rng.integers(4, len(good) - 8)] = rng.integers(256)
        path.write_bytes(damaged)
        status = guarded(lambda: reads(path, columns))
        assert status in (0, 2)


def reads(path, columns) -> int:
    try:
        read_source(path, columns, Limits())
    except TableInvalid:
        return 2
    return 0


@pytest.mark.parametrize("name", ["no-text", "no-column"])
def test_a_footer_that_cannot_be_is_a_sentence(name):
    with pytest.raises(TableInvalid, match="is damaged"):
        read_source(ABORTS.with_name(f"{name}.parquet"), ("y", "s", "g"), Limits())
