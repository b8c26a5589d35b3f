"""What a month will have cost: the days so far, and the rest of it by the mean of recent days (M10.3). No Django.

With daily totals x₁…xₙ (mean x̄, standard deviation s) and m days to come, the sum of those days is forecast as m·x̄
within ± t·s·√(m + m²/n), t being Student's with n − 1 degrees of freedom: the prediction interval for the sum of m
further observations of a normal sample (Meeker, Hahn and Escobar, Statistical Intervals, 2nd ed. 2017, chapter 4, which
gives it for their mean: the same, times m). Sums of many days are nearly normal though single days are not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit


@dataclass(frozen=True)
class Forecast:
    """The month's sum in the currency of the books, with its interval of coverage ``level``.

    ``days`` were looked at, which cost ``per_day`` on average.
    """

    value: float
    low: float
    high: float
    level: float
    days: int
    per_day: float


def month_end(daily: Sequence[float], *, spent: float, days_left: int, level: float) -> Forecast:
    """Forecast the sum of a month of which ``spent`` is known and ``days_left`` days are not.

    ``daily`` holds the totals of at least two recent days. The lower bound is never under what is spent already,
    unless the recent days were refunds.
    """
    n, m = len(daily), days_left
    mean = math.fsum(daily) / n
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in daily) / (n - 1))
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * deviation * math.sqrt(m + m * m / n)
    value = spent + m * mean
    return Forecast(value, min(value, max(spent, value - half)), value + half, level, n, mean)
