"""How many rows settle a question: power and sample size of the usual tests."""

import math
from collections.abc import Callable

from scipy import special

from apps.evaluations.engine.statistics.proportions import normal_quantile


def t_test_power(effect: float, n: float, *, alpha: float = 0.05) -> float:
    """Return the power of the two-sided two-sample t test with ``n`` per group; ``effect`` is Cohen's d."""
    degrees, shift = 2 * n - 2, abs(effect) * math.sqrt(n / 2)
    edge = float(special.stdtrit(degrees, 1 - alpha / 2))
    return float(1 - special.nctdtr(degrees, shift, edge) + special.nctdtr(degrees, shift, -edge))


def arcsine_power(effect: float, n: float, *, alpha: float = 0.05) -> float:
    """Return the power of comparing two proportions with ``n`` per group; ``effect`` is Cohen's h."""
    shift, z = abs(effect) * math.sqrt(n / 2), normal_quantile(1 - alpha)
    return float(special.ndtr(shift - z) + special.ndtr(-shift - z))


def chi_square_power(effect: float, n: float, *, degrees: float = 1, alpha: float = 0.05) -> float:
    """Return the power of a chi-square test on ``n`` rows in all; ``effect`` is Cohen's w."""
    edge = float(special.chdtri(degrees, alpha))
    return float(1 - special.chndtr(edge, degrees, n * effect * effect))


def proportions_power(first: float, second: float, n: float, *, alpha: float = 0.05) -> float:
    """Return the power of comparing two proportions with ``n`` per group, as R's power.prop.test (pooled null variance)."""
    z = normal_quantile(1 - alpha)
    null = math.sqrt((first + second) * (1 - (first + second) / 2))
    spread = math.sqrt(first * (1 - first) + second * (1 - second))
    return float(special.ndtr((math.sqrt(n) * abs(first - second) - z * null) / spread))


def sample_size(power_of: Callable[[float], float], *, power: float = 0.8) -> float:
    """Return the smallest n (not rounded) whose power reaches ``power``; ``power_of`` rises with n."""
    low, high = 2.0, 4.0
    while power_of(high) < power:
        low, high = high, high * 2
        if high > 1e15:
            raise ValueError("No sample size reaches this power: the effect is zero.")
    for _ in range(200):
        middle = (low + high) / 2
        if power_of(middle) < power:
            low = middle
        else:
            high = middle
        if high - low < 1e-9 * high:
            break
    return (low + high) / 2


def cohen_h(first: float, second: float) -> float:
    """Return the effect size of two proportions (Cohen 1988): 0.2 is small, 0.5 medium, 0.8 large."""
    return 2 * math.asin(math.sqrt(first)) - 2 * math.asin(math.sqrt(second))


def detectable_rate(first: float, n: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Return the second rate above ``first`` that ``n`` rows per group would detect."""
    low, high = first, 1.0
    if proportions_power(first, 1 - 1e-12, n, alpha=alpha) < power:
        raise ValueError(f"{n:g} rows per group detect no rate above {first:g}.")
    for _ in range(200):
        middle = (low + high) / 2
        if proportions_power(first, middle, n, alpha=alpha) < power:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def rows_for_interval(rate: float, half_width: float, *, confidence: float = 0.95) -> int:
    """Return how many rows make the interval of a proportion at most ``half_width`` wide on each side."""
    z = normal_quantile(confidence)
    return math.ceil(z * z * max(rate * (1 - rate), 1e-9) / (half_width * half_width))
