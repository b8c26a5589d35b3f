"""Broken uploads, each with the answer it must get: a sentence that names the column, the row and the remedy.

The rows of ``bad_inputs.md`` are counted from 0; the engine counts rows from 1, as a person does.
"""

import struct
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.reading.tables import inspect_table, read_table
from apps.evaluations.engine.report import evaluate
from tests.evaluations import golden

PLAIN = {"label": "y_true", "score": "y_score", "row_id": "row_id", "protected": ("group",)}
NO_GROUP = {"label": "y_true", "score": "y_score", "row_id": "row_id"}
ONE_PREDICTION = PLAIN | {"prediction": "y_pred"}

REFUSED = [
    ("01_nan_scores.parquet", {}, "score_missing", "y_score", (4, 78)),
    ("02_inf_score.parquet", {}, "score_not_finite", "y_score", (6,)),
    ("04_string_labels.csv", {}, "positive_label_undeclared", "y_true", None),
    ("05_labels_1_2.csv", {}, "label_set_mismatch", "y_true", None),
    ("06_duplicate_ids.csv", {}, "duplicate_id", "row_id", None),
    ("08_nested.parquet", {"protected": ("meta",)}, "nested_column", "y_score", ()),
    ("09_bomb.parquet", {}, "too_many_rows", None, ()),
    ("10_mixed_tz.csv", {"time": "timestamp"}, "timezone_mixed", "timestamp", None),
    ("11_latin1.csv", {}, "encoding", None, ()),
    ("12_header_only.csv", {}, "no_rows", None, ()),
    ("13_empty.csv", {}, "empty_file", None, ()),
    ("14_score_out_of_range.csv", {}, "score_out_of_range", "y_score", (5, 10)),
    ("15_score_percent.csv", {}, "score_out_of_range", "y_score", None),
    ("19_high_cardinality_group.csv", {}, "attribute_cardinality", "group", ()),
    ("20_semicolon_decimal_comma.csv", {}, "delimiter", None, ()),
    ("21_duplicate_columns.csv", {}, "duplicate_column", "y_true", ()),
    ("22b_utf16.csv", {}, "encoding", None, ()),
    ("23_ragged.csv", {}, "ragged", None, (51,)),
    ("24_truncated.parquet", {}, "not_parquet", None, ()),
    ("24b_csv_named_parquet.parquet", {}, "not_parquet", None, ()),
    ("26_missing_label_column.csv", {}, "column_missing", "y_true", ()),
    ("27_pred_contradicts_score.csv", {"prediction": "y_pred"}, "prediction_inverted", "y_pred", None),
    ("30_fractional_label.csv", {}, "label_not_in_set", "y_true", (8,)),
    ("32_12000_columns.parquet", {}, "too_many_columns", None, ()),
    ("33_zip_of_csv.zip", {}, "archive", None, ()),
    ("34_na_spellings.csv", {}, "label_missing", "y_true", (4, 5)),
]
TAKEN = [
    ("00_good.csv", {}, set()),
    ("00_good.parquet", {}, set()),
    ("01_nan_scores.parquet", {"missing_scores": "drop"}, {"score_dropped"}),
    ("03_one_class.csv", {}, {"one_class"}),
    ("04_string_labels.csv", {"positive_label": "yes"}, set()),
    ("06_duplicate_ids.csv", {"row_id": None, "entity": "row_id"}, set()),
    ("07_huge_ints.csv", {}, set()),
    ("14_score_out_of_range.csv", {"score_kind": "decision"}, set()),
    ("22_bom_utf8.csv", {}, set()),
    ("25_formula_injection.csv", {}, set()),
    ("28_numbers_as_text.parquet", {}, {"type_cast"}),
    ("29_constant_score.csv", {}, {"constant_score"}),
    (
        "31_null_label_decimal.parquet",
        {"protected": (), "missing_labels": "pending"},
        {"label_pending", "small_sample"},
    ),
    (
        "34_na_spellings.csv",
        {"missing_labels": "pending", "missing_scores": "drop"},
        {"label_pending"},
    ),
]


def broken(name: str) -> Path:
    golden.demand()
    return golden.FOLDER / "malformed" / name


@pytest.mark.parametrize(
    ("name", "roles", "code", "column", "rows"), REFUSED, ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_used_is_refused_with_its_place(name, roles, code, column, rows):
    path = broken(name)
    started = time.monotonic()
    found = inspect_table(path, ColumnMap(**PLAIN | roles))
    assert time.monotonic() - started < 10
    assert not found.ok
    problem = next(problem for problem in found.problems if problem.code == code)
    assert problem.column == column
    if rows is not None:
        assert problem.rows == rows
    if rows is None or rows:
        assert "row" in problem.sentence.lower()
    if column:
        assert f"“{column}”" in problem.sentence
    assert problem.sentence.endswith((".", "?"))


@pytest.mark.parametrize(
    ("name", "roles", "codes"), TAKEN, ids=[case[0] + str(i) for i, case in enumerate(TAKEN)]
)
def test_what_can_be_used_is_evaluated_with_a_warning(name, roles, codes):
    columns = ColumnMap(**PLAIN | roles)
    table, warnings = read_table(broken(name), columns)
    assert {warning.code for warning in warnings} == codes
    report = evaluate(table, columns, warnings, Config(resamples=100))
    assert report["metrics"]["accuracy"]["value"] is not None


def of(name: str, **roles) -> dict:
    columns = ColumnMap(**PLAIN | roles)
    table, warnings = read_table(broken(name), columns)
    return evaluate(table, columns, warnings, Config(resamples=100))


def test_one_class_ranks_nothing():
    metrics = of("03_one_class.csv")["metrics"]
    for name in ("roc_auc", "pr_auc", "ks"):
        assert metrics[name]["value"] is None
        assert "one class" in metrics[name]["reason"]
    assert metrics["accuracy"]["value"] is not None


def test_a_group_of_four_is_shown_and_not_judged():
    fairness = of("16_tiny_group.csv")["fairness"]["group"]
    tiny = next(group for group in fairness["groups"] if group["n"] == 4)
    assert tiny["selection_rate"]["low"] is not None
    assert "group_too_small" in tiny["impact_ratio"]["reason"]
    assert tiny["value"] not in (fairness["disparate_impact"].get("worst_group"), None)


def test_a_group_that_is_never_chosen_has_ratio_zero_with_an_upper_end():
    report = of("17_zero_selection.csv", prediction="y_pred")
    assert {warning["code"] for warning in report["warnings"]} == {"prediction_contradicts"}
    impact = report["fairness"]["group"]["disparate_impact"]
    assert impact["value"] == 0
    assert 0 < impact["high"] < 1


def test_a_group_without_positives_is_left_out_of_equal_opportunity():
    fairness = of("18_group_without_positives.csv")["fairness"]["group"]
    assert any(group["tpr"]["value"] is None for group in fairness["groups"])
    assert any("does not apply" in warning for warning in fairness["warnings"])


def test_ids_beyond_64_bits_stay_as_they_were():
    ids = [row["id"] for row in of("07_huge_ints.csv")["worst"]]
    assert ids
    assert all(one.isdigit() and len(one) >= 19 for one in ids)


def test_a_formula_is_data():
    groups = [group["value"] for group in of("25_formula_injection.csv")["fairness"]["group"]["groups"]]
    assert any(value.startswith("=") for value in groups)


def test_scores_of_the_other_class_are_refused(tmp_path):
    rows = [f"{i},{i % 2},{0.9 if i % 2 else 0.1},{1 - i % 2}" for i in range(100)]
    path = tmp_path / "t.csv"
    path.write_text("row_id,y_true,y_score,y_pred\n" + "\n".join(rows))
    found = inspect_table(path, ColumnMap(**NO_GROUP, prediction="y_pred"))
    assert [problem.code for problem in found.problems] == ["prediction_inverted"]


def test_unbalanced_quotes_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('y_true,y_score\n1,0.5\n0,"0.4" or "so", he said\n1,0.3\n')
    found = inspect_table(path, ColumnMap(label="y_true", score="y_score"))
    assert [problem.code for problem in found.problems] == ["ragged"]


@pytest.mark.parametrize("weights", ["-1", "nan", "0"])
def test_weights_that_are_no_weights_are_refused(tmp_path, weights):
    path = tmp_path / "t.csv"
    path.write_text("y,s,w\n" + "\n".join(f"{i % 2},0.{i % 10},{weights}" for i in range(50)))
    found = inspect_table(path, ColumnMap(label="y", score="s", weight="w"))
    assert [problem.code for problem in found.problems] == ["weight_invalid"]


@pytest.mark.promise("23")
def test_a_footer_that_claims_the_world_is_refused_within_seconds(tmp_path):
    """A few hundred bytes whose footer claims billions of rows: the number is looked at before anything is read."""
    path = tmp_path / "bomb.parquet"
    writer = pq.ParquetWriter(
        path, pa.schema([("y_true", pa.int64()), ("y_score", pa.float64())]), compression="zstd"
    )
    writer.write_table(
        pa.table({"y_true": pa.array([1] * 3_000_000), "y_score": pa.array([0.5] * 3_000_000)})
    )
    for _ in range(7):
        writer.write_table(
            pa.table({"y_true": pa.array([1] * 3_000_000), "y_score": pa.array([0.5] * 3_000_000)})
        )
    writer.close()
    assert path.stat().st_size < 300_000
    found = inspect_table(path, ColumnMap(label="y_true", score="y_score"))
    assert [problem.code for problem in found.problems] == ["too_many_rows"]
    assert "24,000,000" in found.problems[0].sentence


def test_bytes_after_the_magic_are_no_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1" + b"\x00" * 100 + struct.pack("<i", 2**31 - 1) + b"PAR1")
    found = inspect_table(path, ColumnMap(label="y_true", score="y_score"))
    assert [problem.code for problem in found.problems] == ["not_parquet"]


@pytest.mark.promise("23")
def test_a_long_text_that_repeats_for_every_row_is_read_as_a_dictionary(tmp_path):
    """A kilobyte of Parquet that would be 10 GB of text: groups are counted, and as scores or ids it is refused."""
    path = tmp_path / "t.parquet"
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, np.int8)), pa.array(["x" * 10_000]))
    y = pa.array(np.arange(1_000_000) % 2)
    columns = {"y": y, "s": pa.array(np.full(1_000_000, 0.5)), "t": text}
    pq.write_table(pa.table(columns), path, compression="zstd")
    assert path.stat().st_size < 200_000
    taken = inspect_table(path, ColumnMap(label="y", score="s", slices=("t",)))
    assert taken.ok
    for roles, code in (({"score": "t"}, "type"), ({"score": "s", "row_id": "t"}, "duplicate_id")):
        found = inspect_table(path, ColumnMap(label="y", **roles))
        assert [problem.code for problem in found.problems] == [code]
