"""Intervals of proportions, of their differences and of their ratios, and of the probability that one row beats another."""

import math
from collections.abc import Callable

from scipy import special

#: The normal quantile of a two-sided 95 % interval.
Z = float(special.ndtri(0.975))


def normal_quantile(confidence: float) -> float:
    """Return z such that a standard normal lies within ±z with probability ``confidence``."""
    return float(special.ndtri((1 + confidence) / 2))


def wilson(hits: float, n: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion (Wilson, JASA 22, 1927). Raises ValueError unless 0 <= hits <= n > 0."""
    _demand_counts(hits, n)
    z = normal_quantile(confidence)
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends the interval touches 0 or 1 exactly; rounding must not leave 1e-17.
    return (0.0 if hits == 0 else max(0.0, centre - half)), (1.0 if hits == n else min(1.0, centre + half))


def clopper_pearson(hits: float, n: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion (Clopper and Pearson, Biometrika 26, 1934)."""
    _demand_counts(hits, n)
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(special.betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def newcombe(
    hits_a: float, n_a: float, hits_b: float, n_b: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of p_a - p_b from two Wilson intervals (Newcombe, Statistics in Medicine 17, 1998, method 10)."""
    a, b = hits_a / n_a, hits_b / n_b
    low_a, high_a = wilson(hits_a, n_a, confidence=confidence)
    low_b, high_b = wilson(hits_b, n_b, confidence=confidence)
    return square_and_add(a, (low_a, high_a), b, (low_b, high_b))


def square_and_add(
    a: float, within_a: tuple[float, float], b: float, within_b: tuple[float, float]
) -> tuple[float, float]:
    """Return the interval of a - b from the intervals of both, which are taken for independent.

    Newcombe's method 10 for any two figures (Zou and Donner, Statistics in Medicine 27, 2008, 1693).
    """
    low = a - b - math.hypot(a - within_a[0], within_b[1] - b)
    high = a - b + math.hypot(within_a[1] - a, b - within_b[0])
    return low, high


def mann_whitney(value: float, n_a: float, n_b: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of P(row of a > row of b), which is an AUC, from its value and the counts alone.

    Newcombe's method 5 (Statistics in Medicine 25, 2006, 559): the variance is Hanley and McNeil's with both counts
    replaced by their mean, at the end of the interval and not at the value, so that it has a width at 0 and 1 too.
    """
    z2, more = normal_quantile(confidence) ** 2, (n_a + n_b) / 2 - 1
    # Rounding must not take a value away from the ends.
    value = round(value, 12)

    def distance(theta: float) -> float:
        shape = 1 + more * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (value - theta) ** 2 - z2 * theta * (1 - theta) * shape / (n_a * n_b)

    low = 0.0 if value <= 0 else _bisect(distance, value, 0.0)
    return low, (1.0 if value >= 1 else _bisect(distance, value, 1.0))


def newcombe_paired(
    both: float, first_only: float, second_only: float, neither: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of p_first - p_second on the same rows (Newcombe, Stat. Med. 17, 1998, 2635, method 10)."""
    n = both + first_only + second_only + neither
    a, b = (both + first_only) / n, (both + second_only) / n
    low_a, high_a = wilson(both + first_only, n, confidence=confidence)
    low_b, high_b = wilson(both + second_only, n, confidence=confidence)
    margins = (both + first_only) * (second_only + neither) * (both + second_only) * (first_only + neither)
    top = both * neither - first_only * second_only
    if top > n / 2:
        top -= n / 2
    elif top >= 0:
        top = 0.0
    phi = top / math.sqrt(margins) if margins else 0.0
    down, up = a - low_a, high_b - b
    low = math.sqrt(max(down * down - 2 * phi * down * up + up * up, 0.0))
    down, up = b - low_b, high_a - a
    high = math.sqrt(max(down * down - 2 * phi * down * up + up * up, 0.0))
    return a - b - low, a - b + high


def katz(
    hits_a: float, n_a: float, hits_b: float, n_b: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the log interval of p_a / p_b (Katz et al., Biometrics 34, 1978). Needs hits in both groups."""
    if not hits_a or not hits_b:
        raise ValueError("The log interval of a ratio needs hits in both groups.")
    value = (hits_a / n_a) / (hits_b / n_b)
    spread = normal_quantile(confidence) * math.sqrt(1 / hits_a - 1 / n_a + 1 / hits_b - 1 / n_b)
    return value * math.exp(-spread), value * math.exp(spread)


def koopman(
    hits_a: float, n_a: float, hits_b: float, n_b: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the score interval of p_a / p_b (Koopman, Biometrics 40, 1984). Needs hits in the second group."""
    if not hits_b:
        raise ValueError("The ratio needs hits in the second group.")
    z2 = normal_quantile(confidence) ** 2
    total = n_a + n_b
    value = (hits_a / n_a) / (hits_b / n_b)

    def distance(log_theta: float) -> float:
        theta = math.exp(log_theta)
        half = n_a * theta + hits_a + n_b + hits_b * theta
        root = math.sqrt(max(half * half - 4 * theta * total * (hits_a + hits_b), 0.0))
        q_b = (half - root) / (2 * total * theta)
        q_a = min(theta * q_b, 1.0)
        variance = q_a * (1 - q_a) / n_a + theta * theta * q_b * (1 - q_b) / n_b
        gap = hits_a / n_a - theta * hits_b / n_b
        return gap * gap / variance - z2 if variance > 0 else (math.inf if gap else -z2)

    start = math.log(value) if value else math.log(0.5 / n_a)
    low = 0.0 if not hits_a else math.exp(_crossing(distance, start, -1.0))
    return low, math.exp(_crossing(distance, start, 1.0))


def miettinen_nurminen(
    hits_a: float, n_a: float, hits_b: float, n_b: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the score interval of p_a - p_b (Miettinen and Nurminen, Statistics in Medicine 4, 1985)."""
    z2 = normal_quantile(confidence) ** 2
    value = hits_a / n_a - hits_b / n_b
    factor = (n_a + n_b) / (n_a + n_b - 1)

    def distance(delta: float) -> float:
        q_a, q_b = _restricted(hits_a, n_a, hits_b, n_b, delta)
        variance = (q_a * (1 - q_a) / n_a + q_b * (1 - q_b) / n_b) * factor
        gap = value - delta
        return gap * gap / variance - z2 if variance > 1e-300 else (math.inf if abs(gap) > 1e-12 else -z2)

    return _within(distance, value, -1.0), _within(distance, value, 1.0)


def _restricted(hits_a: float, n_a: float, hits_b: float, n_b: float, delta: float) -> tuple[float, float]:
    """Return both rates at their likeliest under p_a - p_b = delta (the cubic of Farrington and Manning 1990)."""
    ratio = n_b / n_a
    a, b = hits_a / n_a, hits_b / n_b
    third = 1 + ratio
    second = -(1 + ratio + a + ratio * b + delta * (ratio + 2))
    first = delta * delta + delta * (2 * a + ratio + 1) + a + ratio * b
    zeroth = -a * delta * (1 + delta)
    v = (second / (3 * third)) ** 3 - second * first / (6 * third * third) + zeroth / (2 * third)
    root = math.sqrt(max((second / (3 * third)) ** 2 - first / (3 * third), 0.0))
    u = math.copysign(root, v)
    cosine = 1.0 if u == 0 else min(1.0, max(-1.0, v / u**3))
    angle = (math.pi + math.acos(cosine)) / 3
    q_a = min(1.0, max(0.0, 2 * u * math.cos(angle) - second / (3 * third)))
    return q_a, min(1.0, max(0.0, q_a - delta))


def _within(distance: Callable[[float], float], inside: float, end: float) -> float:
    """Return where ``distance`` turns positive between ``inside`` and ``end``; the end where it never does."""
    far = end - math.copysign(1e-12, end)
    return end if distance(far) <= 0 else _bisect(distance, inside, far)


def _crossing(distance: Callable[[float], float], inside: float, direction: float) -> float:
    """Return where ``distance`` turns positive, walking from ``inside`` in widening steps."""
    step = 0.1
    while distance(inside + direction * step) <= 0:
        step *= 2
        if step > 700:
            return inside + direction * step
    return _bisect(distance, inside, inside + direction * step)


def _bisect(distance: Callable[[float], float], inside: float, outside: float) -> float:
    for _ in range(100):
        middle = (inside + outside) / 2
        if distance(middle) <= 0:
            inside = middle
        else:
            outside = middle
        if abs(outside - inside) <= 1e-14 * max(1.0, abs(inside)):
            break
    return (inside + outside) / 2


def _demand_counts(hits: float, n: float) -> None:
    if not 0 <= hits <= n or not n > 0:
        raise ValueError(f"A proportion needs 0 <= hits <= n and n > 0, not {hits:g} of {n:g}.")
