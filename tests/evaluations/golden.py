"""The published results outside the project: where they lie, and how a computed figure is held against one."""

import json
import os
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("MLGOV_GOLDEN") or ROOT.parent / "shared" / "golden")


@cache
def cases() -> dict[str, dict]:
    """Return the published cases by their id."""
    return {case["id"]: case for case in json.loads((FOLDER / "cases.json").read_text())["cases"]}


def demand() -> None:
    """Report the test as not available where the folder is absent; in CI it has to be there."""
    if not FOLDER.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"The golden cases are not at {FOLDER}; CI needs them (MLGOV_GOLDEN).")
        pytest.skip("not available: the golden cases lie outside the project (set MLGOV_GOLDEN)")


def rows(name: str) -> dict[str, list]:
    """Return a data file's columns."""
    return pq.read_table(FOLDER / "data" / f"{name}.parquet").to_pydict()


def path(name: str) -> Path:
    """Return where a data file lies."""
    return FOLDER / "data" / f"{name}.parquet"


def hold(case_id: str, found: dict[str, float]) -> None:
    """Hold every value of a case against what was computed; each must be there, and within its tolerance."""
    values = cases()[case_id]["values"]
    assert set(found) == set(values), set(found) ^ set(values)
    for name, value in values.items():
        gap = abs(found[name] - float(value["expected"]))
        assert gap <= value["abs_tol"], f"{case_id}: {name} is {found[name]}, published {value['expected']}"
