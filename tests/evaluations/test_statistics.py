"""Intervals, tests and sample sizes: published values that every clone can check, and statsmodels and scipy beside them."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import contingency_tables, multitest, proportion
from statsmodels.stats import power as sm_power

from apps.evaluations.engine import ranking
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.compare import Champion, compare
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.figures import mean_figure
from apps.evaluations.engine.metrics import multiclass
from apps.evaluations.engine.metrics.regression import quantile_figure
from apps.evaluations.engine.rowslices import RowLoss, row_slices
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.statistics import odds, power, proportions, quantiles, resampling, testing
from apps.evaluations.engine.table import Rows, Table
from tests.evaluations import golden
from tests.evaluations.tables import grouping_of

COUNTS = st.tuples(st.integers(0, 60), st.integers(1, 60)).filter(lambda pair: pair[0] <= pair[1])


def test_newcombe_s_differences():
    """Newcombe, Statistics in Medicine 17:873 (1998), Table II, 56/70 against 48/80."""
    assert proportions.newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert proportions.miettinen_nurminen(56, 70, 48, 80) == pytest.approx((0.0528, 0.3382), abs=5e-5)


def test_newcombe_s_other_differences():
    """The same table: 9/10 against 3/10, and 10/10 against 0/20."""
    assert proportions.newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert proportions.miettinen_nurminen(9, 10, 3, 10) == pytest.approx((0.1700, 0.8406), abs=5e-5)
    assert proportions.newcombe(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_intervals_of_a_proportion_agree_with_statsmodels(counts):
    hits, n = counts
    assert proportions.wilson(hits, n) == pytest.approx(
        proportion.proportion_confint(hits, n, method="wilson"), abs=1e-9
    )
    assert proportions.clopper_pearson(hits, n) == pytest.approx(
        proportion.proportion_confint(hits, n, method="beta"), abs=1e-9
    )


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS)
def test_the_interval_of_a_difference_agrees_with_statsmodels(first, second):
    expected = proportion.confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert proportions.newcombe(*first, *second) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS)
def test_intervals_of_a_difference_turn_with_the_order(first, second):
    for interval in (proportions.newcombe, proportions.miettinen_nurminen):
        low, high = interval(*first, *second)
        assert interval(*second, *first) == pytest.approx((-high, -low), abs=1e-6)
        assert -1 <= low <= first[0] / first[1] - second[0] / second[1] <= high <= 1


def test_koopman_s_ratio():
    """Koopman, Biometrics 40:513 (1984): 36/40 against 16/80 gives 2.94 to 7.15."""
    assert proportions.koopman(36, 40, 16, 80) == pytest.approx((2.94, 7.15), abs=5e-3)


def test_a_ratio_of_zero_has_an_upper_end():
    low, high = proportions.koopman(0, 40, 20, 50)
    assert low == 0
    assert 0 < high < 1


def test_the_log_interval_of_a_ratio_agrees_with_statsmodels():
    table = contingency_tables.Table2x2([[48, 22], [40, 60]])
    assert proportions.katz(48, 70, 40, 100) == pytest.approx(table.riskratio_confint(), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS)
def test_fisher_s_test_agrees_with_scipy(first, second):
    expected = stats.fisher_exact([[first[0], first[1] - first[0]], [second[0], second[1] - second[0]]])[1]
    assert testing.fisher_exact(*first, *second).p == pytest.approx(float(expected), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("pair", [(3, 9), (0, 5), (30, 12), (150, 86)])
def test_mcnemar_agrees_with_statsmodels(pair):
    exact = sum(pair) < testing.EXACT_PAIRS
    expected = contingency_tables.mcnemar([[10, pair[0]], [pair[1], 10]], exact=exact, correction=False)
    assert testing.mcnemar(*pair).p == pytest.approx(expected.pvalue, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discovery_rates_agree_with_statsmodels(p):
    assert testing.benjamini_hochberg(p) == pytest.approx(
        multitest.multipletests(p, method="fdr_bh")[1], abs=1e-12
    )


def test_pooled_odds_agree_with_statsmodels():
    rng = np.random.default_rng(1)
    tables = rng.integers(3, 60, size=(5, 2, 2))
    own, theirs = testing.mantel_haenszel(tables), contingency_tables.StratifiedTable(list(tables))
    assert own.odds_ratio == pytest.approx(theirs.oddsratio_pooled)
    assert (own.low, own.high) == pytest.approx(theirs.oddsratio_pooled_confint())
    assert own.p == pytest.approx(theirs.test_null_odds(correction=True).pvalue)


def test_power_agrees_with_statsmodels():
    assert power.t_test_power(0.4, 80) == pytest.approx(sm_power.TTestIndPower().power(0.4, 80, 0.05))
    h = power.cohen_h(0.6, 0.45)
    assert power.arcsine_power(h, 90) == pytest.approx(sm_power.NormalIndPower().power(h, 90, 0.05))
    assert power.chi_square_power(0.2, 150, degrees=3) == pytest.approx(
        sm_power.GofChisquarePower().power(0.2, 150, 0.05, n_bins=4)
    )


def test_no_size_finds_no_effect():
    with pytest.raises(ValueError, match="the effect is zero"):
        power.sample_size(lambda n: power.proportions_power(0.5, 0.5, n))


def test_rows_for_an_interval():
    n = power.rows_for_interval(0.5, 0.03)
    assert n == 1068
    low, high = proportions.wilson(n / 2, n)
    assert (high - low) / 2 <= 0.03


def test_logistic_regression_agrees_with_statsmodels():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 2))
    y = (rng.random(400) < 1 / (1 + np.exp(-0.3 - x @ [0.8, -0.5]))).astype(float)
    weights = rng.integers(1, 4, 400).astype(float)
    own = odds.logistic(list(x.T), y, weights)
    theirs = sm.Logit(
        np.repeat(y, weights.astype(int)), sm.add_constant(np.repeat(x, weights.astype(int), axis=0))
    ).fit(disp=0)
    assert own.coefficients == pytest.approx(theirs.params, rel=1e-6)
    assert [own.standard_error(index) for index in range(3)] == pytest.approx(theirs.bse, rel=1e-5)
    assert own.p_value(1) == pytest.approx(theirs.pvalues[1], rel=1e-4)


def test_separated_classes_have_no_fit():
    with pytest.raises(odds.FitFailed):
        odds.logistic([np.array([0.0, 1, 2, 3, 4, 5])], np.array([0.0, 0, 0, 1, 1, 1]))


def test_propublica_s_logistic_regression():
    """Larson et al. 2016, the model of a score above Low: African-American 0.47721, and the odds ratio read from it."""
    golden.demand()
    table = golden.rows("compas_two_years")
    kept = [
        row
        for row in range(len(table["id"]))
        if table["days_b_screening_arrest"][row] is not None
        and abs(table["days_b_screening_arrest"][row]) <= 30
        and table["is_recid"][row] != -1
        and table["c_charge_degree"][row] != "O"
        and table["score_text"][row] not in (None, "N/A")
    ]

    def column(name, value=None):
        values = [table[name][row] for row in kept]
        return np.array([float(one == value) for one in values] if value is not None else values, float)

    names = {
        "Female": column("sex", "Female"),
        "Greater than 45": column("age_cat", "Greater than 45"),
        "Less than 25": column("age_cat", "Less than 25"),
        "African-American": column("race", "African-American"),
        "Asian": column("race", "Asian"),
        "Hispanic": column("race", "Hispanic"),
        "Native American": column("race", "Native American"),
        "Other": column("race", "Other"),
        "priors": column("priors_count"),
        "misdemeanour": column("c_charge_degree", "M"),
        "again": column("two_year_recid"),
    }
    fit = odds.logistic(list(names.values()), 1 - column("score_text", "Low"))
    found = dict(zip(names, fit.coefficients[1:], strict=True))
    published = {
        "Female": 0.22127,
        "Greater than 45": -1.35563,
        "Less than 25": 1.30839,
        "African-American": 0.47721,
    }
    published |= {"priors": 0.26895, "misdemeanour": -0.31124, "again": 0.68586}
    for name, value in published.items():
        assert found[name] == pytest.approx(value, abs=5e-6), name
    value, low, high = fit.odds_ratio(list(names).index("African-American") + 1)
    assert low < math.exp(0.47721) < high
    assert value == pytest.approx(1.6116, abs=1e-3)


def test_the_mean_difference_of_adult():
    """AIF360's demonstration on UCI Adult: income over 50,000, women less men, about -0.1945."""
    golden.demand()
    table = golden.rows("adult")
    y, sex = np.array(table["y_true"]), np.array(table["sex"])
    women, men = (y[sex == name] for name in ("Female", "Male"))
    gap = women.mean() - men.mean()
    assert gap == pytest.approx(-0.1945, abs=5e-5)
    low, high = proportions.newcombe(women.sum(), len(women), men.sum(), len(men))
    assert low < gap < high


WEIGHTED = st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 6)), min_size=1, max_size=60).filter(
    lambda rows: any(weight for _, weight in rows)
)
SHARES = st.floats(0, 1)


def unzipped(rows):
    values, weights = np.array(rows, dtype=float).T
    return values / 7, weights


@settings(max_examples=200, deadline=None)
@given(WEIGHTED, SHARES)
def test_whole_weights_of_a_quantile_are_repeats(rows, share):
    values, weights = unzipped(rows)
    repeated = np.repeat(values, weights.astype(int))
    assert quantiles.quantile(values, share, weights) == pytest.approx(
        float(np.quantile(repeated, share)), rel=1e-12, abs=1e-12
    )
    weighted, plain = quantile_figure(values, share, weights), quantile_figure(repeated, share)
    assert (weighted.low, weighted.high, weighted.n) == (plain.low, plain.high, plain.n)


@settings(max_examples=200, deadline=None)
@given(WEIGHTED, SHARES, SHARES, st.floats(0.2, 1))
def test_a_quantile_of_fractional_weights_rises_with_its_share_and_moves_with_the_values(
    rows, first, second, factor
):
    values, weights = unzipped(rows)
    weights = weights * max(factor, 1 / weights.sum())
    low, high = (quantiles.quantile(values, share, weights) for share in sorted((first, second)))
    assert values[weights > 0].min() - 1e-9 <= low <= high + 1e-9
    assert high <= values[weights > 0].max() + 1e-9
    moved = quantiles.quantile(3 - 2 * values, 1 - first, weights)
    assert moved == pytest.approx(3 - 2 * quantiles.quantile(values, first, weights), abs=1e-9)


def test_rows_of_little_weight_are_not_rounded_away():
    """Weights of 0.4 were rounded to nothing once: here they keep the median from 100."""
    values, weights = np.array([1.0, 2.0, 3.0, 4.0, 100.0]), np.array([0.4, 0.4, 0.4, 0.4, 1.0])
    # 2.6 rows in all: the median is the mean from rank 0.8 to 1.8, which is 0.4 of 3, 0.4 of 4 and 0.2 of 100.
    assert quantiles.quantile(values, 0.5, weights) == pytest.approx(22.8)
    assert quantiles.quantile(np.full(7, 0.1), 0.3, np.full(7, 0.7)) == 0.1
    with pytest.raises(ValueError, match="needs a row"):
        quantiles.quantile(values, 0.5, np.zeros(5))


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.integers(1, 300), st.integers(1, 300))
def test_the_ends_of_newcombe_s_interval_lie_z_standard_errors_away(value, n_a, n_b):
    """Method 5 as its author writes it: the variance at each end is that of the end (Statistics in Medicine 25:559)."""
    low, high = proportions.mann_whitney(value, n_a, n_b)
    assert 0 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 1
    mean = (n_a + n_b) / 2
    for end in (low, high):
        if 1e-9 < end < 1 - 1e-9:
            shape = 2 * mean - 1 - (3 * mean - 3) / ((2 - end) * (1 + end))
            error = math.sqrt(end * (1 - end) * shape / (n_a * n_b))
            assert abs(value - end) == pytest.approx(proportions.Z * error, rel=1e-5, abs=1e-9)
    mirrored = proportions.mann_whitney(1 - value, n_b, n_a)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-7)


def perfect_table(n_pos=50, n_neg=50):
    y = np.repeat([1, 0], [n_pos, n_neg]).astype(np.uint8)
    return Table(y, y * 0.8 + 0.1, y, Rows(len(y), ids=np.arange(len(y))))


def test_a_perfect_auc_is_not_certain():
    table = perfect_table()
    for score, end in ((table.score, 1.0), (1 - table.score, 0.0)):
        figure = ranking.auc_figure(score_table(score, table.y))
        assert figure.value == end
        assert "Newcombe 2006, method 5" in figure.method
        assert figure.high - figure.low == pytest.approx(1 - 0.960343, abs=1e-5)
        assert end in (figure.low, figure.high)
    constant = ranking.auc_figure(score_table(np.full(100, 0.3), table.y))
    assert constant.low < 0.45 < 0.55 < constant.high


def compared_auc(own, theirs):
    columns = ColumnMap(label="y", score="s", row_id="id")
    found = compare(own, Champion(theirs, columns), columns, Config())["metrics"]
    return next(one for one in found if one["metric"] == "roc_auc")


def test_the_difference_of_two_perfect_models_is_not_certain():
    perfect = perfect_table()
    both = compared_auc(perfect, perfect)
    assert both["difference"]["value"] == 0
    assert both["difference"]["low"] == pytest.approx(-0.039657, abs=1e-5)
    assert both["difference"]["high"] == pytest.approx(0.039657, abs=1e-5)
    assert both["p"] == 1
    wrong = Table(perfect.y, 1 - perfect.score, 1 - perfect.y, perfect.rows)
    apart = compared_auc(perfect, wrong)
    assert apart["difference"]["value"] == 1
    assert 0.9 < apart["difference"]["low"] < apart["difference"]["high"] == 1
    assert 0 < apart["p"] < 1e-6
    worse = compared_auc(wrong, perfect)["difference"]
    assert (worse["low"], worse["high"]) == pytest.approx((-1, -apart["difference"]["low"]))


def test_a_mean_of_perfect_aucs_is_not_certain():
    true = np.repeat([0, 1, 2], 30)
    scores = np.eye(3)[true]
    single, areas = multiclass.one_against_rest(np.eye(3, dtype=np.uint8)[true], scores, None)
    mean = areas.figure("DeLong placements")
    assert mean.value == 1
    assert mean.low == pytest.approx(single[0].low)
    assert multiclass.hand_till(true, scores, None).figure("DeLong placements").low == pytest.approx(
        proportions.mann_whitney(1, 30, 30)[0]
    )


def test_draws_and_rows_that_are_all_alike_give_no_interval():
    alike = resampling.bootstrap_figure(1.0, np.ones(100), n=50, how="rows drawn")
    assert (alike.value, alike.low, alike.high) == (1.0, None, None)
    assert alike.method == "no interval: nothing differs in rows drawn, 100 resamples"
    assert mean_figure(0.0, 0.0, 50).low is None
    losses = RowLoss("error_rate", np.zeros(40), share=True)
    found = row_slices(Rows(40, {"g": grouping_of(["a", "b"] * 20)}), losses, ("g",))
    figure = found["slices"][0]["metrics"]["error_rate"]
    assert (figure["value"], figure["low"], figure["method"]) == (0.0, 0.0, "Wilson")
    assert figure["high"] > 0.1
