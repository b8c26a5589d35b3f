"""The engine against other people's implementations of the same definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from apps.evaluations.engine.report import Config, evaluate
from apps.evaluations.engine.table import ColumnMap, Grouping, Table

COLUMNS = ColumnMap(label="y", score="s", protected=("race",), slices=())
FEW = Config(seed=7, resamples=200)


def table(n: int = 900, seed: int = 3, ties: bool = False) -> Table:
    rng = np.random.default_rng(seed)
    score = rng.beta(0.6, 0.5, n)
    if ties:
        score = np.round(score, 1)
    y = (rng.random(n) < score).astype(np.int64)
    codes = (rng.random(n) < 0.3).astype(np.int64)
    return Table(y, score, (score >= 0.5).astype(np.int64), {"race": Grouping(("A", "B"), codes)})


def report_of(rows: Table) -> dict:
    return evaluate(rows, COLUMNS, [], FEW)


@pytest.mark.parametrize("ties", [False, True])
def test_metrics_agree_with_scikit_learn(ties):
    rows = table(ties=ties)
    found = {name: figure["value"] for name, figure in report_of(rows)["metrics"].items()}
    expected = {
        "roc_auc": sk.roc_auc_score(rows.y, rows.score),
        "pr_auc": sk.average_precision_score(rows.y, rows.score),
        "f1": sk.f1_score(rows.y, rows.decision),
        "precision": sk.precision_score(rows.y, rows.decision),
        "recall": sk.recall_score(rows.y, rows.decision),
        "accuracy": sk.accuracy_score(rows.y, rows.decision),
        "balanced_accuracy": sk.balanced_accuracy_score(rows.y, rows.decision),
        "mcc": sk.matthews_corrcoef(rows.y, rows.decision),
        "brier": sk.brier_score_loss(rows.y, rows.score),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_fairness_agrees_with_fairlearn():
    from fairlearn import metrics as fl

    rows = table()
    race = np.array(["A", "B"])[rows.groups["race"].codes]
    found = report_of(rows)["fairness"]["race"]
    given_ = {"sensitive_features": race}
    impact = fl.demographic_parity_ratio(rows.y, rows.decision, **given_)
    assert found["disparate_impact"]["value"] == pytest.approx(impact, abs=1e-9)
    odds = fl.equalized_odds_difference(rows.y, rows.decision, **given_)
    assert found["equalised_odds_difference"]["value"] == pytest.approx(odds, abs=1e-9)
    opportunity = fl.equal_opportunity_difference(rows.y, rows.decision, **given_)
    assert found["equal_opportunity_difference"]["value"] == pytest.approx(opportunity, abs=1e-9)


def test_the_same_input_and_seed_give_the_same_report():
    assert report_of(table()) == report_of(table())


def test_intervals_hold_their_value():
    for name, figure in report_of(table())["metrics"].items():
        if figure.get("low") is not None:
            assert figure["low"] <= figure["value"] <= figure["high"], name


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(40, 120))
def test_whatever_the_rows_shares_stay_shares(seed, n):
    rows = table(n=n, seed=seed)
    for name in ("precision", "recall", "accuracy", "f1", "roc_auc"):
        value = report_of(rows)["metrics"][name]["value"]
        assert value is None or 0 <= value <= 1


@pytest.mark.parametrize("config", [{"seeds": 1}, {"resamples": 5}, {"resamples": 10**9}, {"seed": -1}])
def test_a_configuration_out_of_range_is_refused(config):
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own sentence
        Config.from_json(config)
