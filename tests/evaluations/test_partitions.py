"""Parts of a table, mapped apart and reduced, against the single pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.evaluations.engine import binning, compare, partitions, scoretable, worker
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.reading.tables import read_table
from apps.evaluations.engine.report import evaluate
from apps.evaluations.engine.table import TableInvalid

COLUMNS = ColumnMap(
    label="y",
    score="s",
    protected=("race", "sex", "age"),
    slices=("region",),
    row_id="id",
    features=("income", "tenure"),
)
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


def write(
    path: Path,
    rows: int,
    *,
    decimals: int | None = None,
    groups: int = 4,
    noise: float = 0.0,
    wrong: float = 0.0,
    ids: np.ndarray | None = None,
) -> Path:
    """Write a table in row groups.

    ``noise`` makes another model's scores of the same rows; of those of long tenure, ``wrong`` have another label.
    """
    rng = np.random.default_rng(1)
    score = rng.beta(0.6, 0.5, rows)
    truth = (rng.random(rows) < score).astype(int)
    other = np.random.default_rng(3)
    late = np.arange(rows) >= rows // 2
    tenure = np.where(late & (other.random(rows) < 0.3), np.nan, other.normal(size=rows))
    truth = np.where((tenure > 0.7) & (other.random(rows) < wrong), 1 - truth, truth)
    if noise:
        score = np.clip(score + noise * np.random.default_rng(2).normal(size=rows), 0, 1)
    if decimals is not None:
        score = np.round(score, decimals)
    columns = {
        "id": np.arange(rows) if ids is None else ids,
        "y": truth,
        "s": score,
        "race": rng.choice(["A", "B", "C"], rows),
        "sex": rng.choice(["f", "m"], rows),
        "age": rng.choice(["young", "old"], rows),
        # The regions of later rows are unknown to the first parts.
        "region": np.array([f"r{number * 7 // rows}" for number in range(rows)]),
        # Higher in later rows, so that each part alone has other quartiles; tenure is missing in later ones only.
        "income": np.where(late, other.gamma(9, 1, rows), other.gamma(2, 1, rows)),
        "tenure": tenure,
    }
    pq.write_table(pa.table(columns), path, row_group_size=-(-rows // groups))
    return path


def in_parts(
    path: Path, tmp_path: Path, columns: ColumnMap = COLUMNS, rows: int = 1, champion: Path | None = None
) -> dict:
    """Map each part, send it through a file, and reduce."""
    parts = []
    planned = partitions.plan(path, rows=rows)
    known = partitions.whole_of([(path, one) for one in planned], columns)
    for number, row_groups in enumerate(planned):
        file = tmp_path / f"part-{number}"
        part = partitions.map_part(path, columns, row_groups, whole=known, keep_rows=champion is not None)
        partitions.save(part, file)
        parts.append(partitions.load(file))
    assert len(parts) == 4
    other = None if champion is None else Champion(partitions.champion_table(champion, columns), columns)
    return partitions.reduce_parts(parts, columns, FEW, champion=other)


def whole(path: Path, columns: ColumnMap = COLUMNS, champion: Path | None = None) -> dict:
    table, warnings = read_table(path, columns)
    other = None if champion is None else Champion(read_table(champion, columns.of_a_champion)[0], columns)
    return evaluate(table, columns, warnings, FEW, champion=other)


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


@pytest.mark.parametrize("kind", ["fractional", "repeats", "fractional in one part"])
def test_weights_are_those_of_the_whole_table(tmp_path, kind):
    """Weights that are not whole are scaled over the whole: by its own sum each part would weigh something else."""
    path, rows = write(tmp_path / "t.parquet", 8_000, decimals=3), 8_000
    weights = np.random.default_rng(9).integers(0, 5, rows).astype(float)
    if kind != "repeats":
        weights[-500 if kind == "fractional in one part" else 0 :] *= 0.37
    table = pq.read_table(path).append_column("w", pa.array(weights))
    pq.write_table(table, path, row_group_size=2_000)
    columns = replace(COLUMNS, weight="w")
    single, reduced = whole(path, columns), in_parts(path, tmp_path, columns)
    for name in (*COUNTED, "metrics", "calibration", "curves", "baselines"):
        close(single[name], reduced[name], where=name)
    scaled = [one for one in reduced["warnings"] if one["code"] == "weights_scaled"]
    assert scaled == [one for one in single["warnings"] if one["code"] == "weights_scaled"]
    assert len(scaled) == (kind != "repeats")
    if scaled:
        with pytest.raises(TableInvalid, match="this part knows its own alone"):
            partitions.map_part(path, columns, (3,))


@pytest.mark.parametrize("sample", [binning.SAMPLE, 999])
def test_numeric_features_are_cut_at_the_ends_of_a_single_pass(tmp_path, monkeypatch, sample):
    monkeypatch.setattr(binning, "SAMPLE", sample)
    path = write(tmp_path / "t.parquet", 10_007, wrong=0.4)
    single, reduced = whole(path), in_parts(path, tmp_path)
    told = [part["column"] for one in single["discovered"]["slices"] for part in one["conditions"]]
    assert "tenure" in told
    close(single["discovered"], reduced["discovered"])
    assert "features_not_searched" not in {one["code"] for one in reduced["warnings"]}
    # Parts that were mapped without the ends are not searched, and the report says so.
    bare = partitions.reduce_parts(
        [partitions.map_part(path, COLUMNS, one) for one in partitions.plan(path, rows=1)], COLUMNS, FEW
    )
    assert "features_not_searched" in {one["code"] for one in bare["warnings"]}


@pytest.mark.parametrize("text", [False, True])
def test_parts_are_compared_with_a_champion_as_a_single_pass_is(tmp_path, monkeypatch, text):
    """The champion's rows stand in another order, in other parts, and some are missing: to the last digit the same."""
    monkeypatch.setattr(partitions, "CHAMPION_ROWS", 1_000)
    monkeypatch.setattr(scoretable, "DISTINCT", 1_000)
    rows = 8_000
    ids = np.array([f"k{number:05}" for number in range(rows)]) if text else np.arange(rows)
    path = write(tmp_path / "t.parquet", rows, ids=ids)
    table = pq.read_table(write(tmp_path / "all.parquet", rows, noise=0.2, ids=ids))
    other = tmp_path / "c.parquet"
    pq.write_table(table.take(np.random.default_rng(4).permutation(rows)[:7_000]), other, row_group_size=900)
    single, reduced = whole(path, champion=other), in_parts(path, tmp_path, champion=other)
    assert single["comparison"]["rows"] == 7_000
    assert len(single["comparison"]["slices"]) == 14
    assert reduced["comparison"] == single["comparison"]
    assert {one["verdict"] for one in single["comparison"]["metrics"]} >= {"better"}
    # Every id was held against every other one, so nothing is left to warn of.
    assert "ids_checked_by_part" not in {one["code"] for one in reduced["warnings"]}


def test_too_many_rows_are_not_compared_and_the_report_stands(tmp_path, monkeypatch):
    for module in (compare, partitions):
        monkeypatch.setattr(module, "MOST_ROWS", 3_000)
    path, small = write(tmp_path / "t.parquet", 4_000), write(tmp_path / "c.parquet", 2_000)
    for report in (whole(path, champion=small), in_parts(path, tmp_path, champion=small)):
        assert report["comparison"] is None
        sentence = next(
            one["sentence"] for one in report["warnings"] if one["code"] == "champion_not_compared"
        )
        assert sentence.startswith("The table has 4,000 rows; up to 3,000 are compared")
    assert "ids_checked_by_part" in {one["code"] for one in report["warnings"]}
    payload = {"path": str(small), "columns": COLUMNS.to_json(), "config": {"resamples": 100}}
    report = worker.evaluate(payload | {"champion": {"path": str(path), "columns": COLUMNS.to_json()}})[
        "report"
    ]
    assert report["comparison"] is None
    assert "champion_not_compared" in {one["code"] for one in report["warnings"]}


def test_an_id_in_two_parts_is_found_where_rows_are_kept(tmp_path):
    ids = np.arange(4_000)
    ids[3_500] = 10
    path, other = write(tmp_path / "t.parquet", 4_000, ids=ids), write(tmp_path / "c.parquet", 4_000)
    with pytest.raises(TableInvalid, match="stand in more than one part"):
        in_parts(path, tmp_path, champion=other)


def test_parts_that_kept_no_rows_are_not_compared_and_say_so(tmp_path):
    path = write(tmp_path / "t.parquet", 2_000)
    files = []
    for number, row_groups in enumerate(partitions.plan(path, rows=1)):
        files.append(str(tmp_path / f"part-{number}"))
        partitions.save(
            partitions.map_part(path, COLUMNS, row_groups, keep_rows=number > 0), tmp_path / f"part-{number}"
        )
    champion = {"path": str(path), "columns": COLUMNS.to_json(), "of": {}}
    payload = {"parts": files, "columns": COLUMNS.to_json(), "config": {"resamples": 100}}
    report = worker.reduce_parts(payload | {"champion": champion})["report"]
    assert report["comparison"] is None
    sentence = next(one["sentence"] for one in report["warnings"] if one["code"] == "champion_not_compared")
    assert "Evaluate again" in sentence


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
