"""A challenger against a champion: pROC's paired test, signs, non-inferiority, and rows that do not match."""

import dataclasses

import numpy as np
import pytest

from apps.evaluations.engine.compare import compare, compare_auc
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.table import Rows, Table
from tests.evaluations import golden
from tests.evaluations.tables import grouping_of

FEW = Config(seed=3, resamples=400, margin=0.02)


def predictions(noise: float, n: int = 3000, seed: int = 1) -> Table:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    y = (truth + rng.normal(size=n) > 0).astype(np.uint8)
    score = 1 / (1 + np.exp(-(truth + noise * np.random.default_rng(99).normal(size=n))))
    groups = {"race": grouping_of(np.where(rng.random(n) < 0.3, "B", "A"))}
    return Table(y, score, (score >= 0.5).astype(np.uint8), Rows(n, groups, ids=np.arange(n)))


def by_metric(found: dict) -> dict:
    return {one["metric"]: one for one in found["metrics"]}


def test_the_paired_test_of_proc():
    """pROC's roc.test(wfns, s100b) on aSAH: Z = 2.2089, p = 0.02718, interval from 0.01040618."""
    golden.demand()
    table = golden.rows("asah")
    y = np.asarray(table["y_true"], np.uint8)
    first, second = (Table(y, np.asarray(table[name], float), y, Rows(len(y))) for name in ("wfns", "s100b"))
    found = compare_auc(first, second)
    assert found.p == pytest.approx(0.02718, abs=5e-6)
    assert found.difference.low == pytest.approx(0.01040618, abs=5e-9)
    assert found.difference.value / (
        found.difference.value - found.difference.low
    ) * 1.959964 == pytest.approx(2.209, abs=5e-4)


def test_a_better_challenger_is_shown_as_such():
    found = compare(predictions(0.2), predictions(2.0), FEW)
    metrics = by_metric(found)
    assert found["paired"]
    for name in ("roc_auc", "accuracy", "f1", "pr_auc", "brier", "log_loss"):
        assert metrics[name]["verdict"] == "better", name
        assert metrics[name]["non_inferior"] == "yes", name
    assert metrics["brier"]["difference"]["value"] < 0
    assert {row["verdict"] for row in found["slices"]} == {"better"}


def test_the_other_way_round_every_sign_turns():
    there, back = (
        by_metric(compare(*pair, FEW))
        for pair in ((predictions(0.2), predictions(2.0)), (predictions(2.0), predictions(0.2)))
    )
    for name, one in there.items():
        assert one["difference"]["value"] == pytest.approx(-back[name]["difference"]["value"])
        assert back[name]["verdict"] == "worse"


def test_the_same_model_is_not_inferior_to_itself():
    metrics = by_metric(compare(predictions(0.2), predictions(0.2), FEW))
    for name, one in metrics.items():
        assert one["difference"]["value"] == 0, name
        assert one["verdict"] == "no difference shown", name
        assert one["non_inferior"] == "yes", name


def test_few_rows_are_not_enough_evidence():
    few = by_metric(compare(predictions(1.0, n=60), predictions(0.9, n=60), FEW))
    assert few["accuracy"]["non_inferior"] == "not enough evidence"


def test_rows_are_joined_by_their_ids():
    first, second = predictions(0.2), predictions(2.0)
    order = np.random.default_rng(5).permutation(second.n)[:2500]
    mixed = Table(second.y[order], second.score[order], second.decision[order], second.rows.take(order))
    found = compare(first, mixed, FEW)
    assert found["rows"] == 2500
    assert (found["only_challenger"], found["only_champion"]) == (500, 0)
    assert "2,500 rows are common" in found["warnings"][0]


def test_without_common_rows_samples_are_compared_unpaired():
    first, second = predictions(0.2), predictions(2.0)
    moved = dataclasses.replace(
        second, rows=dataclasses.replace(second.rows, ids=np.arange(second.n) + 10**6)
    )
    found = compare(first, moved, FEW)
    assert not found["paired"]
    assert "no row id in common" in found["warnings"][0]
    assert by_metric(found)["roc_auc"]["verdict"] == "better"


def test_rows_whose_labels_differ_are_left_out_and_told():
    first, second = predictions(0.2), predictions(0.2)
    y = second.y.copy()
    y[:10] = 1 - y[:10]
    found = compare(first, dataclasses.replace(second, y=y), FEW)
    assert found["rows"] == first.n - 10
    assert "10 common rows have another label" in found["warnings"][0]
