"""Do intervals hold the truth as often as they say: simulations where the truth is known."""

import numpy as np
import pytest
from scipy import stats

from apps.evaluations.engine import ranking
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion, compare
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.metrics import multiclass
from apps.evaluations.engine.metrics.confusion import Cells, drawn_figures, stratified_draws
from apps.evaluations.engine.metrics.regression import quantile_figure, regression_draws, regression_figures
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.statistics import proportions
from apps.evaluations.engine.table import Rows, Table
from apps.evaluations.engine.tasks.regression import NumberTable

pytestmark = pytest.mark.slow
TRIALS = 400
#: Four standard errors of a share of 0.95 over the trials, and what is known of the method.
SLACK = 4 * (0.95 * 0.05 / TRIALS) ** 0.5


def covered(hits: list[bool], *, slack: float = SLACK) -> None:
    share = float(np.mean(hits))
    assert 0.95 - slack <= share <= 1.0, share


def scores(rng: np.random.Generator, n: int = 300, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    y = (rng.random(n) < 0.4).astype(np.uint8)
    return rng.normal(size=n) + shift * y, y


#: The AUC of two normal distributions that lie ``shift`` apart.
def true_auc(shift: float) -> float:
    return float(stats.norm.cdf(shift / 2**0.5))


@pytest.mark.parametrize("p", [0.03, 0.3, 0.9])
def test_wilson_and_clopper_pearson(p):
    rng = np.random.default_rng(1)
    for interval in (proportions.wilson, proportions.clopper_pearson):
        found = [interval(int(hits), 80) for hits in rng.binomial(80, p, TRIALS)]
        covered([low <= p <= high for low, high in found])


def test_newcombe_miettinen_and_nurminen_and_koopman():
    rng = np.random.default_rng(2)
    draws = list(
        zip(rng.binomial(60, 0.3, TRIALS).tolist(), rng.binomial(90, 0.45, TRIALS).tolist(), strict=True)
    )
    for interval, truth in (
        (proportions.newcombe, -0.15),
        (proportions.miettinen_nurminen, -0.15),
        (proportions.koopman, 0.3 / 0.45),
    ):
        found = [interval(a, 60, b, 90) for a, b in draws]
        covered([low <= truth <= high for low, high in found])


def test_newcombe_s_paired_interval():
    rng = np.random.default_rng(3)
    cells = rng.multinomial(120, [0.5, 0.2, 0.1, 0.2], size=TRIALS)
    covered(
        [low <= 0.1 <= high for low, high in (proportions.newcombe_paired(*row) for row in cells.tolist())]
    )


def test_delong():
    rng = np.random.default_rng(4)
    figures = [ranking.auc_figure(score_table(*scores(rng))) for _ in range(TRIALS)]
    covered([one.low <= true_auc(1.0) <= one.high for one in figures])


@pytest.mark.parametrize("auc", [0.9, 0.98, 0.995])
def test_newcombe_s_interval_of_an_auc(auc):
    """Method 5 at any value, perfect samples among them, where DeLong's would have no width."""
    rng = np.random.default_rng(14)
    shift = float(stats.norm.ppf(auc)) * 2**0.5
    hits, perfect = [], []
    for _ in range(TRIALS):
        positive, negative = rng.normal(size=20) + shift, rng.normal(size=30)
        value = float((positive[:, None] > negative).mean())
        low, high = proportions.mann_whitney(value, 20, 30)
        hits.append(low <= auc <= high)
        if value == 1:
            perfect.append(hits[-1])
    covered(hits)
    assert all(perfect)


def test_the_bootstrap_of_the_auc_and_of_average_precision():
    rng = np.random.default_rng(5)
    many = score_table(*scores(np.random.default_rng(0), n=2_000_000))
    truth = ranking.rank_figures(many)
    trials = 200
    found = [
        ranking.stratified_draws(score_table(*scores(rng)), 400, rng).figures(("roc_auc", "pr_auc"))
        for _ in range(trials)
    ]
    for name in ("roc_auc", "pr_auc"):
        covered([one[name].low <= truth[name] <= one[name].high for one in found], slack=0.08)


def test_paired_delong():
    rng = np.random.default_rng(6)
    hits = []
    for _ in range(TRIALS):
        score, y = scores(rng)
        worse = score + rng.normal(size=len(y))
        first, second = (
            Table(y, one, y, Rows(len(y), ids=np.arange(len(y))), probability=False) for one in (score, worse)
        )
        figure = difference_of("roc_auc", first, second, ColumnMap(label="y", score="s"))
        # Noise of variance 1 makes both classes' spread the root of 2.
        truth = true_auc(1.0) - true_auc(1.0 / 2**0.5)
        hits.append(figure["low"] <= truth <= figure["high"])
    covered(hits)


def difference_of(metric: str, first: object, second: object, columns: ColumnMap) -> dict:
    """Return the compared difference of a metric."""
    config = Config(seed=1, resamples=400)
    found = compare(first, Champion(second, columns), columns, config)
    return next(one["difference"] for one in found["metrics"] if one["metric"] == metric)


def test_paired_differences_of_errors():
    """Both models share a part of their errors: of RMSE and MAE the paired interval holds the true difference."""
    rng = np.random.default_rng(10)
    columns = ColumnMap(task="regression", label="y", prediction="p", row_id="id")
    shared, own, other = 0.8, 0.5, 0.9
    spreads = (shared**2 + own**2) ** 0.5, (shared**2 + other**2) ** 0.5
    truths = {"rmse": spreads[0] - spreads[1], "mae": (2 / np.pi) ** 0.5 * (spreads[0] - spreads[1])}
    hits: dict[str, list[bool]] = {name: [] for name in truths}
    for _ in range(TRIALS // 2):
        y = rng.normal(size=200) * 3
        common = shared * rng.normal(size=200)
        rows = Rows(200, ids=np.arange(200))
        first, second = (
            NumberTable(y, y + common + spread * rng.normal(size=200), rows) for spread in (own, other)
        )
        for name, truth in truths.items():
            figure = difference_of(name, first, second, columns)
            hits[name].append(figure["low"] <= truth <= figure["high"])
    for found in hits.values():
        covered(found, slack=0.07)


def test_f1_and_matthews():
    rng = np.random.default_rng(7)
    recall, fpr, n_pos, n_neg = 0.8, 0.2, 100, 200
    tp, fp = recall * n_pos, fpr * n_neg
    truths = {"f1": 2 * tp / (2 * tp + fp + n_pos - tp), "balanced_accuracy": (recall + 1 - fpr) / 2}
    hits: dict[str, list[bool]] = {name: [] for name in truths}
    for _ in range(TRIALS):
        a, b = int(rng.binomial(n_pos, recall)), int(rng.binomial(n_neg, fpr))
        cells = Cells(a, b, n_pos - a, n_neg - b)
        figures = drawn_figures(cells, stratified_draws(cells, 400, rng), tuple(truths))
        for name, truth in truths.items():
            hits[name].append(figures[name].low <= truth <= figures[name].high)
    for found in hits.values():
        covered(found)


def test_hand_and_till():
    rng = np.random.default_rng(8)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        true = rng.integers(0, 3, n)
        return true, rng.normal(size=(n, 3)) + 1.2 * np.eye(3)[true]

    truth = multiclass.hand_till(*draw(300_000), None).value
    figures = [multiclass.hand_till(*draw(200), None).figure("M") for _ in range(TRIALS)]
    covered([one.low <= truth <= one.high for one in figures])


def test_errors_of_numbers():
    rng = np.random.default_rng(9)
    trials, hits = 200, {"mae": [], "rmse": [], "median": []}
    truths = {"mae": (2 / np.pi) ** 0.5, "rmse": 1.0, "median": float(stats.halfnorm.ppf(0.5))}
    for _ in range(trials):
        y = rng.normal(size=150) * 3
        p = y + rng.normal(size=150)
        figures = regression_figures(regression_draws(y, p, 400, rng)) | {
            "median": quantile_figure(np.abs(y - p), 0.5)
        }
        for name, truth in truths.items():
            hits[name].append(figures[name].low <= truth <= figures[name].high)
    for found in hits.values():
        covered(found, slack=0.07)
