"""Weighted kappa against scikit-learn, and its interval."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from apps.rubrics.agreement import agreement


def drawn(seed, n, noise):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 6, n)
    second = np.clip(first + rng.integers(-noise, noise + 1, n), 0, 5)
    return [(int(a), int(b)) for a, b in zip(first, second, strict=True)]


@pytest.mark.method("M11.1")
@pytest.mark.parametrize("pairs", [drawn(1, 40, 1), drawn(2, 200, 3), drawn(3, 9, 2), [(1, 2), (2, 1)]])
def test_kappa_is_that_of_scikit_learn(pairs):
    first, second = zip(*pairs, strict=True)
    oracle = cohen_kappa_score(first, second, weights="quadratic", labels=list(range(6)))
    found = agreement(pairs)
    assert found.value == pytest.approx(oracle, abs=1e-6)
    assert found.low <= found.value <= found.high
    assert found.n == len(pairs)
    assert agreement(pairs) == found


@pytest.mark.parametrize("pairs", [[], [(3, 4)], [(3, 3), (3, 3)]])
def test_where_kappa_is_not_defined_there_is_none(pairs):
    assert agreement(pairs) is None


def test_the_interval_covers_what_is_true_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    truth = agreement(drawn(0, 40_000, 2)).value
    held = 0
    for seed in rng.integers(0, 10**6, 120):
        found = agreement(drawn(int(seed), 80, 2))
        held += found.low <= truth <= found.high
    assert 0.88 <= held / 120 <= 1
