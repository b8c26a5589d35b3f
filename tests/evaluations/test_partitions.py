"""Parts of a table, mapped apart and reduced, against the single pass."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.evaluations.engine import partitions, scoretable
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.reading.tables import read_table
from apps.evaluations.engine.report import evaluate

COLUMNS = ColumnMap(label="y", score="s", protected=("race", "sex", "age"), slices=("region",), row_id="id")
FEW = Config(seed=5, resamples=200)
#: Sections that are nothing but counts: the same to the last digit of a report.
COUNTED = (
    "n",
    "positives",
    "confusion",
    "thresholds",
    "slices",
    "fairness",
    "intersections",
    "discovered",
    "worst",
)


def write(path: Path, rows: int, *, decimals: int | None = None, groups: int = 4) -> Path:
    rng = np.random.default_rng(1)
    score = rng.beta(0.6, 0.5, rows)
    if decimals is not None:
        score = np.round(score, decimals)
    columns = {
        "id": np.arange(rows),
        "y": (rng.random(rows) < score).astype(int),
        "s": score,
        "race": rng.choice(["A", "B", "C"], rows),
        "sex": rng.choice(["f", "m"], rows),
        "age": rng.choice(["young", "old"], rows),
        # The regions of later rows are unknown to the first parts.
        "region": np.array([f"r{number * 7 // rows}" for number in range(rows)]),
    }
    pq.write_table(pa.table(columns), path, row_group_size=-(-rows // groups))
    return path


def in_parts(path: Path, tmp_path: Path, columns: ColumnMap = COLUMNS, rows: int = 1) -> dict:
    """Map each part, send it through a file, and reduce."""
    parts = []
    for number, row_groups in enumerate(partitions.plan(path, rows=rows)):
        file = tmp_path / f"part-{number}"
        partitions.save(partitions.map_part(path, columns, row_groups), file)
        parts.append(partitions.load(file))
    assert len(parts) == 4
    return partitions.reduce_parts(parts, columns, FEW)


def whole(path: Path, columns: ColumnMap = COLUMNS) -> dict:
    table, warnings = read_table(path, columns)
    return evaluate(table, columns, warnings, FEW)


def close(first, second, *, where: str = "") -> None:
    """Hold two parts of reports against each other to 1e-9, ranking figures left out."""
    if isinstance(first, dict):
        for key in first:
            if key not in ("roc_auc", "best_f1", "least_cost", "intervals"):
                close(first[key], second[key], where=f"{where}.{key}")
    elif isinstance(first, list):
        assert len(first) == len(second), where
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            close(one, other, where=f"{where}[{index}]")
    elif isinstance(first, float):
        assert first == pytest.approx(second, rel=1e-9, abs=1e-9), where
    else:
        assert first == second, where


def test_few_distinct_scores_give_the_very_same_report(tmp_path):
    path = write(tmp_path / "t.parquet", 20_000, decimals=3)
    single, reduced = whole(path), in_parts(path, tmp_path)
    for name in (*COUNTED, "metrics", "calibration", "curves", "baselines"):
        close(single[name], reduced[name], where=name)
    assert reduced["metrics"]["roc_auc"]["value"] == pytest.approx(
        single["metrics"]["roc_auc"]["value"], abs=1e-12
    )
    assert reduced["approximations"] == []
    assert reduced["parts"] == 4
    assert {one["code"] for one in reduced["warnings"]} == {"ids_checked_by_part"}


def test_many_distinct_scores_are_counted_exactly_and_ranked_within_the_printed_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(scoretable, "DISTINCT", 1_000)
    path = write(tmp_path / "t.parquet", 60_000)
    single, reduced = whole(path), in_parts(path, tmp_path)
    for name in COUNTED:
        close(single[name], reduced[name], where=name)
    for name in ("accuracy", "precision", "f1", "brier", "log_loss", "selection_rate"):
        assert reduced["metrics"][name]["value"] == pytest.approx(single["metrics"][name]["value"], abs=1e-9)
    close(single["calibration"]["bins"], reduced["calibration"]["bins"])
    assert reduced["calibration"]["slope"] == pytest.approx(single["calibration"]["slope"], abs=1e-6)
    bound = reduced["approximations"][0]["bound"]
    apart = abs(reduced["metrics"]["roc_auc"]["value"] - single["metrics"]["roc_auc"]["value"])
    assert apart <= bound <= 1e-5
    assert reduced["metrics"]["roc_auc"]["bound"] == bound
    assert single["approximations"] == []


def test_a_large_table_is_put_on_the_same_grid_in_one_pass(tmp_path, monkeypatch):
    from apps.evaluations.engine import partial

    path = write(tmp_path / "t.parquet", 60_000)
    exact = whole(path)
    monkeypatch.setattr(partial, "SORTED_ROWS", 50_000)
    monkeypatch.setattr(scoretable, "DISTINCT", 1_000)
    gridded, reduced = whole(path), in_parts(path, tmp_path)
    bound = gridded["approximations"][0]["bound"]
    value = gridded["metrics"]["roc_auc"]["value"]
    assert value == pytest.approx(reduced["metrics"]["roc_auc"]["value"], abs=1e-12)
    assert abs(value - exact["metrics"]["roc_auc"]["value"]) <= bound
    for name in COUNTED:
        close(exact[name], gridded[name], where=name)


def test_scores_in_few_cells_are_sorted_after_all(tmp_path, monkeypatch):
    """Scores within a millionth of each other: the grid would move the AUC, so it is not used."""
    from apps.evaluations.engine import partial

    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 20_000)
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"y": y, "s": 0.1 + 1e-7 * (y + rng.normal(size=20_000))}), path)
    columns = ColumnMap(label="y", score="s")
    exact = whole(path, columns)
    monkeypatch.setattr(partial, "SORTED_ROWS", 10_000)
    assert whole(path, columns)["metrics"] == exact["metrics"]


def test_hundredths_are_counted_exactly_on_the_grid():
    """A score that is a threshold counts as over it, wherever rounding would put its cell."""
    thresholds = np.arange(101) / 100
    scores = np.concatenate([thresholds, np.nextafter(thresholds[1:], 0), np.nextafter(thresholds[:-1], 1)])
    codes = scoretable.grid_codes(scores, probability=True)
    for index, threshold in enumerate(thresholds):
        assert np.array_equal(codes >= index * scoretable.HUNDREDTH, scores >= threshold), threshold


def test_all_protected_attributes_are_crossed_at_once(tmp_path):
    path = write(tmp_path / "t.parquet", 2_000)
    found = whole(path)["intersections"]
    assert set(found) == {"race × sex", "race × age", "sex × age", "race × sex × age"}
    groups = found["race × sex × age"]["groups"]
    assert len(groups) == 12
    assert sum(group["n"] for group in groups) == 2_000


def test_entities_are_not_torn_apart():
    assert COLUMNS.can_part
    assert not ColumnMap(label="y", score="s", entity="customer").can_part
    assert not ColumnMap(task="regression", label="y", prediction="p").can_part
