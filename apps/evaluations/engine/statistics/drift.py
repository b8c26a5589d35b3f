"""How far two distributions lie apart. Bins are those of the reference: bins that move make drift meaningless."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special


def shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Return counts as shares that sum to 1. Raises ValueError for no counts at all."""
    found = np.asarray(counts, dtype=np.float64)
    if found.sum() <= 0:
        raise ValueError("A distribution needs at least one row.")
    return found / found.sum()


def stability_index(first: ArrayLike, second: ArrayLike) -> float:
    """Return the population stability index (p - q) ln(p / q) of two tables of counts: the information value of scoring.

    Infinite where a bin is empty on one side only; callers that want a number add half a row to each bin before.
    """
    p, q = shares(first), shares(second)
    seen = (p > 0) | (q > 0)
    with np.errstate(divide="ignore"):
        return float(np.sum((p[seen] - q[seen]) * np.log(p[seen] / q[seen])))


def relative_entropy(first: ArrayLike, second: ArrayLike, *, base: float | None = None) -> float:
    """Return Kullback and Leibler's divergence of the first from the second, in nats unless a base is given."""
    found = float(np.sum(special.rel_entr(shares(first), shares(second))))
    return found / float(np.log(base)) if base else found


def jensen_shannon(first: ArrayLike, second: ArrayLike, *, base: float | None = None) -> float:
    """Return Jensen and Shannon's distance: the square root of the divergence, which is what scipy returns too."""
    p, q = shares(first), shares(second)
    middle = (p + q) / 2
    divergence = float(np.sum(special.rel_entr(p, middle) + special.rel_entr(q, middle))) / 2
    return float(np.sqrt(max(divergence, 0.0) / (np.log(base) if base else 1.0)))
