"""A challenger against a champion: pROC's paired test, signs, non-inferiority, and rows that do not match."""

import dataclasses

import numpy as np
import pytest

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion, compare
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.table import Rows, Table
from tests.evaluations import golden
from tests.evaluations.tables import grouping_of

FEW = Config(seed=3, resamples=400, margin=0.02)
COLUMNS = ColumnMap(label="y", score="s", row_id="id")


def predictions(noise: float, n: int = 3000, seed: int = 1) -> Table:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    y = (truth + rng.normal(size=n) > 0).astype(np.uint8)
    score = 1 / (1 + np.exp(-(truth + noise * np.random.default_rng(99).normal(size=n))))
    groups = {"race": grouping_of(np.where(rng.random(n) < 0.3, "B", "A"))}
    return Table(y, score, (score >= 0.5).astype(np.uint8), Rows(n, groups, ids=np.arange(n)))


def held(first: Table, second: Table, config: Config = FEW) -> dict:
    return compare(first, Champion(second, COLUMNS), COLUMNS, config)


def by_metric(found: dict) -> dict:
    return {one["metric"]: one for one in found["metrics"]}


def with_ids(table: Table, ids) -> Table:
    return dataclasses.replace(table, rows=dataclasses.replace(table.rows, ids=ids))


def test_the_paired_test_of_proc():
    """pROC's roc.test(wfns, s100b) on aSAH: Z = 2.2089, p = 0.02718, interval from 0.01040618."""
    golden.demand()
    table = golden.rows("asah")
    y = np.asarray(table["y_true"], np.uint8)
    rows = Rows(len(y), ids=np.arange(len(y)))
    first, second = (
        Table(y, np.asarray(table[name], float), y, rows, probability=False) for name in ("wfns", "s100b")
    )
    found = by_metric(held(first, second))["roc_auc"]
    assert found["p"] == pytest.approx(0.02718, abs=5e-6)
    assert found["test"] == "DeLong, paired"
    gap, low = found["difference"]["value"], found["difference"]["low"]
    assert low == pytest.approx(0.01040618, abs=5e-9)
    assert gap / (gap - low) * 1.959964 == pytest.approx(2.209, abs=5e-4)


def test_a_better_challenger_is_shown_as_such():
    found = held(predictions(0.2), predictions(2.0))
    metrics = by_metric(found)
    assert found["paired"]
    for name in ("roc_auc", "accuracy", "f1", "pr_auc", "brier", "log_loss"):
        assert metrics[name]["verdict"] == "better", name
        assert metrics[name]["non_inferior"] == "yes", name
    assert metrics["brier"]["difference"]["value"] < 0
    assert {row["verdict"] for row in found["slices"]} == {"better"}


def test_the_other_way_round_every_sign_turns():
    there, back = (
        by_metric(held(*pair))
        for pair in ((predictions(0.2), predictions(2.0)), (predictions(2.0), predictions(0.2)))
    )
    for name, one in there.items():
        assert one["difference"]["value"] == pytest.approx(-back[name]["difference"]["value"])
        assert back[name]["verdict"] == "worse"


def test_the_same_model_is_not_inferior_to_itself():
    metrics = by_metric(held(predictions(0.2), predictions(0.2)))
    for name, one in metrics.items():
        assert one["difference"]["value"] == 0, name
        assert one["verdict"] == "no difference shown", name
        assert one["non_inferior"] == "yes", name


def test_few_rows_are_not_enough_evidence():
    few = by_metric(held(predictions(1.0, n=60), predictions(0.9, n=60)))
    assert few["accuracy"]["non_inferior"] == "not enough evidence"


def test_rows_are_joined_by_their_ids():
    first, second = predictions(0.2), predictions(2.0)
    order = np.random.default_rng(5).permutation(second.n)[:2500]
    mixed = Table(second.y[order], second.score[order], second.decision[order], second.rows.take(order))
    found = held(first, mixed)
    assert found["rows"] == 2500
    assert (found["only_challenger"], found["only_champion"]) == (500, 0)
    assert "2,500 rows are common" in found["warnings"][0]
    # Ids that one file holds as numbers and the other as text are the same ids.
    assert held(first, with_ids(mixed, mixed.rows.ids.astype(str)))["metrics"] == found["metrics"]


@pytest.mark.parametrize("ids", ["others", "none"])
def test_without_common_rows_samples_are_compared_unpaired(ids):
    first, second = predictions(0.2), predictions(2.0)
    found = held(first, with_ids(second, np.arange(second.n) + 10**6 if ids == "others" else None))
    assert not found["paired"]
    assert ("no row id in common" if ids == "others" else "Declare row_id in both") in found["warnings"][0]
    metrics, paired = by_metric(found), by_metric(held(first, second))
    assert set(metrics) == set(paired)
    for name, one in metrics.items():
        assert one["verdict"] == "better", name
        assert one["p"] is None
        assert one["challenger"] == pytest.approx(paired[name]["challenger"])
        # The same rows twice say more of a difference than two samples do.
        widths = [row["difference"]["high"] - row["difference"]["low"] for row in (one, paired[name])]
        assert widths[0] > widths[1], name


def test_rows_whose_labels_differ_are_left_out_and_told():
    first, second = predictions(0.2), predictions(0.2)
    y = second.y.copy()
    y[:10] = 1 - y[:10]
    found = held(first, dataclasses.replace(second, y=y))
    assert found["rows"] == first.n - 10
    assert "10 common rows have another label" in found["warnings"][0]


def test_rows_that_all_have_another_label_are_no_pairs():
    first, second = predictions(0.2), predictions(0.2)
    found = held(first, dataclasses.replace(second, y=1 - second.y))
    assert not found["paired"]
    assert "3,000 common rows have another label" in found["warnings"][0]


def test_rows_of_one_entity_are_no_independent_pairs():
    """Each row ten times over: drawn by entity the intervals stay as wide as those of the rows once."""
    once = [predictions(noise, n=400) for noise in (0.2, 2.0)]
    tenfold = []
    for table in once:
        rows = np.repeat(np.arange(table.n), 10)
        again = Table(table.y[rows], table.score[rows], table.decision[rows], table.rows.take(rows))
        tenfold.append(
            dataclasses.replace(
                again, rows=dataclasses.replace(again.rows, ids=np.arange(len(rows)), entities=rows)
            )
        )
    single, many = held(*once), held(*tenfold)
    few, found = by_metric(single), by_metric(many)
    assert "by entity" in found["roc_auc"]["test"]
    assert found["accuracy"]["test"] == "paired bootstrap"
    for name in few:
        widths = [one[name]["difference"]["high"] - one[name]["difference"]["low"] for one in (found, few)]
        assert widths[0] == pytest.approx(widths[1], rel=0.15), name
    for one, other in zip(many["slices"], single["slices"], strict=True):
        widths = [row["difference"]["high"] - row["difference"]["low"] for row in (one, other)]
        assert widths[0] == pytest.approx(widths[1], rel=0.15)


def test_weights_are_repeats():
    first, second = predictions(0.4, n=300), predictions(1.0, n=300)
    weights = np.random.default_rng(4).integers(0, 4, 300).astype(float)
    weighed = dataclasses.replace(first, rows=dataclasses.replace(first.rows, weights=weights))
    rows = np.repeat(np.arange(300), weights.astype(int))
    repeated = [
        with_ids(Table(one.y[rows], one.score[rows], one.decision[rows], one.rows.take(rows)), np.arange(len(rows)))
        for one in (first, second)
    ]  # fmt: skip
    found, expected = by_metric(held(weighed, second)), by_metric(held(*repeated))
    for name, one in found.items():
        assert one["difference"]["value"] == pytest.approx(expected[name]["difference"]["value"]), name
    for name in ("roc_auc", "accuracy", "recall"):
        for end in ("low", "high"):
            assert one_end(found, name, end) == pytest.approx(one_end(expected, name, end)), name


def one_end(found: dict, name: str, end: str) -> float:
    return found[name]["difference"][end]
