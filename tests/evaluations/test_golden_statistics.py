"""Published intervals, tests, sample sizes and distances, to the printed digit."""

import numpy as np
import pytest

from apps.evaluations.engine.statistics import drift, power, proportions, testing
from tests.evaluations import golden
from tests.evaluations.golden import hold


@pytest.fixture(autouse=True)
def _there():
    golden.demand()


def test_newcombe_s_intervals_of_one_proportion():
    found = {}
    for hits, n in ((81, 263), (15, 148), (0, 20), (1, 29)):
        found[f"{hits}/{n}_lo"], found[f"{hits}/{n}_hi"] = proportions.wilson(hits, n)
        found[f"cp{hits}/{n}_lo"], found[f"cp{hits}/{n}_hi"] = proportions.clopper_pearson(hits, n)
    hold("newcombe-1998-one", found)


def test_agresti_s_approval_ratings():
    tested = testing.mcnemar(150, 86)
    hold("mcnemar-agresti", {"X2": tested.statistic, "p": tested.p})


def test_benjamini_and_hochberg_s_fifteen_tests():
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.324,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1.0,
    ]
    hold(
        "benjamini-hochberg-1995",
        {
            "bh": int((testing.benjamini_hochberg(p) <= 0.05).sum()),
            "bonferroni": sum(one <= 0.05 / 15 for one in p),
            "unadjusted": sum(one <= 0.05 for one in p),
        },
    )


def test_cohen_s_power_primer():
    found = {}
    for d in (0.2, 0.5, 0.8):
        found[f"d{d}".replace("0", "")] = round(power.sample_size(lambda n, d=d: power.t_test_power(d, n)))
        found[f"h{d}".replace("0", "")] = round(power.sample_size(lambda n, d=d: power.arcsine_power(d, n)))
    for w in (0.1, 0.3, 0.5):
        found[f"w{w}".replace("0", "")] = round(
            power.sample_size(lambda n, w=w: power.chi_square_power(w, n))
        )
    hold("cohen-1992", found)


def test_r_s_power_prop_test():
    hold(
        "r-power-prop-test",
        {
            "power": power.proportions_power(0.5, 0.75, 50),
            "n": power.sample_size(lambda n: power.proportions_power(0.5, 0.75, n), power=0.9),
            "p2": power.detectable_rate(0.5, 50, power=0.9),
        },
    )


def test_the_information_values_of_the_german_credits():
    table = golden.rows("german_credit")
    good = np.array(table["y_true"]) == 1
    found = {}
    for name in ("status", "credit_history", "savings"):
        kinds, codes = np.unique(table[name], return_inverse=True)
        counts = [np.bincount(codes[rows], minlength=len(kinds)) for rows in (good, ~good)]
        found[name] = drift.stability_index(*counts)
    hold("psi-iv-german", found)


def test_the_distances_of_scipy_s_documentation():
    hold(
        "scipy-js-kl",
        {
            "js1": drift.jensen_shannon([1, 0, 0], [0, 1, 0], base=2),
            "js2": drift.jensen_shannon([1, 0], [0.5, 0.5]),
            "js3": drift.jensen_shannon([1, 0, 0], [1, 0, 0]),
            "kl": drift.relative_entropy([1 / 2, 1 / 2], [9 / 10, 1 / 10]),
        },
    )


def admissions() -> np.ndarray:
    """Return Berkeley's table (departments, gender, admitted or not)."""
    table = golden.rows("ucb_admissions")
    departments = sorted(set(table["Dept"]))
    cells = np.zeros((len(departments), 2, 2))
    for admit, gender, dept, n in zip(
        *(table[name] for name in ("Admit", "Gender", "Dept", "Freq")), strict=True
    ):
        cells[departments.index(dept), int(admit == "Rejected"), int(gender == "Female")] = n
    return cells


def test_berkeley_s_admissions_by_department():
    """Bickel, Hammel and O'Connell 1975; R's mantelhaen.test(UCBAdmissions)."""
    pooled = testing.mantel_haenszel(admissions())
    hold(
        "ucb-mantel-haenszel",
        {"X2": pooled.statistic, "p": pooled.p, "or": pooled.odds_ratio, "lo": pooled.low, "hi": pooled.high},
    )
    total = admissions().sum(0)
    rates = 100 * total[0] / total.sum(0)
    hold("ucb-admit-rates", {"men": rates[0], "women": rates[1]})
