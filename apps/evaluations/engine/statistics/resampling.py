"""Bootstrap intervals: percentile, and bias-corrected and accelerated (Efron, JASA 82, 1987)."""

import math

import numpy as np
from scipy import special

from apps.evaluations.engine.figures import Figure
from apps.evaluations.engine.table import Floats, Ints

TAILS = (0.025, 0.975)
#: Entities or rows are put into at most this many random groups, which are then drawn as wholes.
GROUPS = 1000
#: Draws that lie closer together than this differ by rounding alone.
ROUNDING = 1e-12
PERCENTILE, BCA = "bootstrap percentile", "bootstrap BCa"


def percentile(draws: Floats) -> tuple[float, float]:
    """Return the percentile interval of the draws (resamples,)."""
    low, high = np.quantile(draws, TAILS)
    return float(low), float(high)


def bca(draws: Floats, value: float, left_out: Floats, times: Floats) -> tuple[float, float] | None:
    """Return the BCa interval; nothing where the draws do not spread around the value.

    ``left_out``: the figure without one row of each kind (kinds,); ``times``: how many rows are of the kind.
    """
    below = (np.count_nonzero(draws < value) + 0.5 * np.count_nonzero(draws == value)) / len(draws)
    if not 0 < below < 1:
        return None
    known = np.isfinite(left_out) & (times > 0)
    kinds, weights = left_out[known], times[known]
    if not len(kinds):
        return None
    gaps = float(np.sum(weights * kinds) / np.sum(weights)) - kinds
    spread = np.sum(weights * gaps**2)
    acceleration = float(np.sum(weights * gaps**3) / (6 * spread**1.5)) if spread > 0 else 0.0
    if not math.isfinite(acceleration):
        return None
    bias = float(special.ndtri(below))
    ends = []
    for tail in TAILS:
        z = bias + float(special.ndtri(tail))
        if 1 - acceleration * z <= 0:
            return None
        ends.append(float(special.ndtr(bias + z / (1 - acceleration * z))))
    low, high = np.quantile(draws, ends)
    return float(low), float(high)


def bootstrap_figure(
    value: float,
    draws: Floats,
    *,
    n: float,
    how: str,
    left_out: Floats | None = None,
    times: Floats | None = None,
) -> Figure:
    """Return ``value`` with its bootstrap intervals: BCa first where there is one."""
    draws = draws[np.isfinite(draws)]
    method = f"{how}, {len(draws):,} resamples"
    if len(draws) < 2:
        return Figure(value, method="no resample had a value", n=n)
    if np.ptp(draws) <= ROUNDING * max(1.0, abs(value)):
        # Draws of rows that are all alike would claim certainty.
        return Figure(value, method=f"no interval: nothing differs in {method}", n=n)
    low, high = percentile(draws)
    found = None
    if left_out is not None and times is not None:
        found = bca(draws, value, left_out, times)
    plain = (min(low, value), max(high, value))
    if found is None or not found[0] <= value <= found[1]:
        return Figure(value, *plain, f"{PERCENTILE}, {method}", n)
    return Figure(value, *found, f"{BCA}, {method}", n, others={PERCENTILE: plain})


def group_draws(groups: int, resamples: int, rng: np.random.Generator) -> Floats:
    """Return how often each group is drawn in each resample (resamples, groups)."""
    if not groups:
        return np.zeros((resamples, 0))
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples).astype(np.float64)


def random_groups(members: int, rng: np.random.Generator, *, groups: int = GROUPS) -> Ints:
    """Return the group of each member (members,): groups of equal size, at random; each its own where there are few."""
    if members <= groups:
        return np.arange(members)
    codes = np.arange(members) % groups
    rng.shuffle(codes)
    return codes


def sums_by_group(values: Floats, groups: Ints, size: int) -> Floats:
    """Return the sums of the columns of ``values`` (rows, columns) by group (size, columns)."""
    return np.stack([np.bincount(groups, weights=column, minlength=size) for column in values.T], axis=1)


def drawn_sums(draws: Floats, sums: Floats) -> Floats:
    """Return the sums of each resample (resamples, columns) from those of the groups (groups, columns).

    Whole numbers add up exactly in any order, so BLAS may add them; others are added in a fixed order, so that the
    number of threads does not show.
    """
    if not np.any(sums % 1):
        return draws @ sums
    return np.einsum("rg,gc->rc", draws, sums, optimize=False)
