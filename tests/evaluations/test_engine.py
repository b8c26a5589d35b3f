"""The engine against other people's implementations of the same definitions."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.report import evaluate
from apps.evaluations.engine.table import Rows, Table
from tests.evaluations.tables import grouping_of

COLUMNS = ColumnMap(label="y", score="s", protected=("race",), slices=())
FEW = Config(seed=7, resamples=200)


def table(n: int = 900, seed: int = 3, ties: bool = False) -> Table:
    rng = np.random.default_rng(seed)
    score = rng.beta(0.6, 0.5, n)
    if ties:
        score = np.round(score, 1)
    y = (rng.random(n) < score).astype(np.uint8)
    race = np.where(rng.random(n) < 0.3, "B", "A")
    return Table(y, score, (score >= 0.5).astype(np.uint8), Rows(n, {"race": grouping_of(race)}))


def report_of(rows: Table, columns: ColumnMap = COLUMNS) -> dict:
    return evaluate(rows, columns, [], FEW)


def values_of(rows: Table) -> dict:
    return {name: figure["value"] for name, figure in report_of(rows)["metrics"].items()}


def chosen(rows: Table, index: np.ndarray) -> Table:
    """Return some rows, in another order or several times."""
    return Table(rows.y[index], rows.score[index], rows.decision[index], rows.rows.take(index))


def race_of(rows: Table) -> np.ndarray:
    group = rows.groups["race"]
    return np.array(group.values)[group.codes]


@pytest.mark.parametrize("ties", [False, True])
def test_metrics_agree_with_scikit_learn(ties):
    rows = table(ties=ties)
    found = values_of(rows)
    expected = {
        "roc_auc": sk.roc_auc_score(rows.y, rows.score),
        "pr_auc": sk.average_precision_score(rows.y, rows.score),
        "f1": sk.f1_score(rows.y, rows.decision),
        "precision": sk.precision_score(rows.y, rows.decision),
        "recall": sk.recall_score(rows.y, rows.decision),
        "accuracy": sk.accuracy_score(rows.y, rows.decision),
        "balanced_accuracy": sk.balanced_accuracy_score(rows.y, rows.decision),
        "mcc": sk.matthews_corrcoef(rows.y, rows.decision),
        "kappa": sk.cohen_kappa_score(rows.y, rows.decision),
        "brier": sk.brier_score_loss(rows.y, rows.score),
        "log_loss": sk.log_loss(rows.y, np.clip(rows.score, 1e-15, 1 - 1e-15)),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_fairness_agrees_with_fairlearn():
    from fairlearn import metrics as fl

    rows = table()
    found = report_of(rows)["fairness"]["race"]
    given_ = {"sensitive_features": race_of(rows)}
    theirs = {
        "disparate_impact": fl.demographic_parity_ratio,
        "demographic_parity_difference": fl.demographic_parity_difference,
        "equalised_odds_difference": fl.equalized_odds_difference,
        "equal_opportunity_difference": fl.equal_opportunity_difference,
        "equalised_odds_ratio": fl.equalized_odds_ratio,
    }
    for name, function in theirs.items():
        value = function(rows.y, rows.decision, **given_)
        assert found[name]["value"] == pytest.approx(value, abs=1e-9), name


def test_a_group_without_positives_has_no_true_positive_rate():
    """fairlearn says 0 there, and so invents a gap; the group is left out with a warning."""
    rows = table()
    rows = dataclasses.replace(rows, y=np.where(race_of(rows) == "B", 0, rows.y).astype(np.uint8))
    found = report_of(rows)["fairness"]["race"]
    b = next(group for group in found["groups"] if group["value"] == "B")
    assert b["tpr"]["value"] is None
    assert b["tpr"]["reason"]
    assert found["equal_opportunity_difference"]["value"] is None
    assert any("B: the rate tpr does not apply" in warning for warning in found["warnings"])


def test_the_same_input_and_seed_give_the_same_report():
    assert report_of(table()) == report_of(table())


def test_intervals_hold_their_value():
    for name, figure in report_of(table())["metrics"].items():
        if figure.get("low") is not None:
            assert figure["low"] <= figure["value"] <= figure["high"], name


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(40, 120))
def test_whatever_the_rows_shares_stay_shares(seed, n):
    for name, value in values_of(table(n=n, seed=seed)).items():
        if name in ("precision", "recall", "accuracy", "f1", "roc_auc", "pr_auc", "ks"):
            assert value is None or 0 <= value <= 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_the_order_of_the_rows_does_not_matter(seed, ties):
    rows = table(n=300, seed=seed, ties=ties)
    order = np.random.default_rng(seed).permutation(rows.n)
    mixed = chosen(rows, order)
    first, second = report_of(rows), report_of(mixed)
    for part in ("metrics", "fairness", "calibration", "slices", "curves", "thresholds", "discovered"):
        assert first[part] == second[part], part


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_table_twice_over_has_the_same_figures(seed):
    rows = table(n=200, seed=seed, ties=True)
    twice = chosen(rows, np.tile(np.arange(rows.n), 2))
    assert values_of(twice) == pytest.approx(values_of(rows), nan_ok=True)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_weights_repeat_rows(seed):
    rows = table(n=150, seed=seed, ties=True)
    weights = np.random.default_rng(seed).integers(0, 4, rows.n)
    repeated = chosen(rows, np.repeat(np.arange(rows.n), weights))
    own = dataclasses.replace(rows.rows, weights=weights.astype(np.float64))
    weighted = dataclasses.replace(rows, rows=own)
    first, second = report_of(repeated), report_of(weighted)
    for part in (
        "metrics",
        "fairness",
        "calibration",
        "slices",
        "thresholds",
        "discovered",
        "n",
        "positives",
    ):
        assert first[part] == second[part], part


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_ranking_does_not_see_a_monotone_transform(seed):
    rows = table(n=200, seed=seed, ties=True)
    moved = dataclasses.replace(rows, score=rows.score**3 / 2 + 0.1)
    first, second = values_of(rows), values_of(moved)
    for name in ("roc_auc", "pr_auc", "pr_auc_trapezoid", "ks"):
        assert first[name] == pytest.approx(second[name]), name


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_other_names_of_the_groups_change_nothing_but_names(seed):
    rows = table(n=300, seed=seed)
    names = grouping_of(np.where(race_of(rows) == "A", "zebra", "yak"))
    renamed = dataclasses.replace(rows, rows=Rows(rows.n, {"race": names}))
    first, second = report_of(rows)["fairness"]["race"], report_of(renamed)["fairness"]["race"]
    assert first["disparate_impact"]["value"] == second["disparate_impact"]["value"]
    assert first["equalised_odds_difference"]["value"] == second["equalised_odds_difference"]["value"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 60))
def test_small_tables_agree_with_scikit_learn(seed, n):
    rows = table(n=n, seed=seed, ties=True)
    found = values_of(rows)
    if 0 < rows.y.sum() < n:
        assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(rows.y, rows.score))
        assert found["pr_auc"] == pytest.approx(sk.average_precision_score(rows.y, rows.score))
    else:
        assert found["roc_auc"] is None
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(rows.y, rows.decision))


def test_only_predictions_are_enough():
    rows = dataclasses.replace(table(), score=None)
    report = report_of(rows, ColumnMap(label="y", prediction="d", protected=("race",)))
    assert report["metrics"]["f1"]["value"] == pytest.approx(sk.f1_score(rows.y, rows.decision))
    assert report["metrics"]["roc_auc"]["value"] is None
    assert "scores" in report["metrics"]["roc_auc"]["reason"]
    assert report["calibration"]["ece"] is None
    assert report["fairness"]["race"]["disparate_impact"]["value"] is not None


def test_rows_of_one_entity_make_the_intervals_wider():
    rows = table(n=600)
    tenfold = chosen(rows, np.repeat(np.arange(rows.n), 10))
    own = dataclasses.replace(tenfold.rows, entities=np.repeat(np.arange(rows.n), 10))
    tenfold = dataclasses.replace(tenfold, rows=own)
    columns = ColumnMap(label="y", score="s", entity="e")
    alone, together = report_of(rows)["metrics"], report_of(tenfold, columns)["metrics"]
    for name in ("roc_auc", "accuracy", "f1"):
        width, same = (one[name]["high"] - one[name]["low"] for one in (alone, together))
        assert same == pytest.approx(width, rel=0.25), name
        assert "entities" in together[name]["method"]


def test_rows_that_weigh_nothing_change_nothing_where_entities_are_drawn():
    rows = table(n=300)
    highest = int(rows.score.argmax())
    weights = np.ones(rows.n)
    weights[highest] = 0
    entities = np.arange(rows.n) // 3
    weighted = dataclasses.replace(
        rows, rows=dataclasses.replace(rows.rows, weights=weights, entities=entities)
    )
    without = chosen(rows, np.delete(np.arange(rows.n), highest))
    columns = ColumnMap(label="y", score="s", entity="e", weight="w")
    found = report_of(weighted, columns)["metrics"]["roc_auc"]
    assert found["value"] == report_of(without)["metrics"]["roc_auc"]["value"]
    assert "entities" in found["method"]


def test_rare_positives_put_average_precision_in_front():
    rows = table(n=4000)
    y = (np.random.default_rng(1).random(rows.n) < rows.score * 0.03).astype(np.uint8)
    headline = report_of(dataclasses.replace(rows, y=y))["headline"]
    assert headline["metric"] == "pr_auc"
    assert "ROC-AUC" in headline["watch_out"]


def test_without_one_class_ranking_does_not_apply_and_is_never_zero():
    rows = dataclasses.replace(table(), y=np.zeros(900, np.uint8))
    report = report_of(rows)
    for name in ("roc_auc", "pr_auc", "ks", "recall", "mcc"):
        assert report["metrics"][name]["value"] is None, name
        assert report["metrics"][name]["reason"], name
    assert report["metrics"]["accuracy"]["value"] is not None


@pytest.mark.parametrize(
    "config", [{"seeds": 1}, {"resamples": 5}, {"resamples": 10**9}, {"seed": -1}, {"margin": -1}]
)
def test_a_configuration_out_of_range_is_refused(config):
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own sentence
        Config.from_json(config)
