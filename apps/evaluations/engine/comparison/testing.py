"""The same units twice, or two samples: areas by DeLong, shares by Newcombe and McNemar, all else by a bootstrap."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.comparison.measures import (
    Area,
    Comparable,
    Mean,
    Measured,
    Sums,
    columns_by_group,
)
from apps.evaluations.engine.comparison.outcomes import Compared, incomparable
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.figures import Figure, difference
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.statistics.proportions import Z, newcombe_paired
from apps.evaluations.engine.statistics.testing import mcnemar, normal_tails
from apps.evaluations.engine.table import Floats, Ints, Rows

OTHER_ROWS = "none: the units are not the same"


@dataclass(frozen=True)
class Frame:
    """The units that figures are drawn from: their weights, whose they are, and the draws of groups of them."""

    rows: Rows
    unit: str
    groups: Ints
    counts: Floats

    @classmethod
    def of(cls, rows: Rows, side: Comparable, config: Config, stream: int) -> "Frame":
        """Draw units, or whole entities of them, in at most 1,000 random groups."""
        rng = np.random.default_rng([config.seed, stream])
        members = np.arange(rows.n) if rows.entities is None else rows.entities
        groups = resampling.random_groups(int(members.max()) + 1, rng)[members]
        size = int(groups.max()) + 1
        how = side.unit if rows.entities is None else side.drawn
        return cls(rows, how, groups, resampling.group_draws(size, config.resamples, rng))

    @property
    def size(self) -> int:
        return self.counts.shape[1]


@dataclass(frozen=True)
class Samples:
    """The frames of both models: one and the same where their units are paired."""

    own: Frame
    theirs: Frame

    @property
    def paired(self) -> bool:
        return self.own is self.theirs

    @property
    def independent(self) -> bool:
        """Whether units may be counted one by one: those of one entity may not."""
        return self.own.rows.entities is None and self.theirs.rows.entities is None

    @property
    def n(self) -> float:
        return self.own.rows.total if self.paired else self.own.rows.total + self.theirs.rows.total


def tested(own: Measured, theirs: Measured, samples: Samples) -> list[Compared]:
    """Return every figure that both have: areas, means, and functions of sums."""
    apart = {
        name: f"It rests on other {ground} than the champion's."
        for name, ground in _other_grounds(own, theirs)
    }
    found = [
        _area(name, area, theirs.areas[name], samples)
        for name, area in own.areas.items()
        if name in theirs.areas
    ]
    for name, mean in own.means.items():
        if name in theirs.means and name not in apart:
            found += _mean(name, mean, theirs.means[name], samples)
    for kind, sums in own.sums.items():
        if kind in theirs.sums:
            found += _drawn(sums, theirs.sums[kind], samples)
    return found + [incomparable(name, reason, n=samples.n) for name, reason in apart.items()]


def _other_grounds(own: Measured, theirs: Measured) -> Iterator[tuple[str, str]]:
    for name, ground in own.grounds.items():
        if name in theirs.grounds and theirs.grounds[name] != ground:
            yield name, ground.split(":")[0]


def _area(name: str, own: Area, theirs: Area, samples: Samples) -> Compared:
    """Compare two areas (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988; by entity: Obuchowski 1997)."""
    gap = own.value - theirs.value
    spreads = _spread(own.influence, samples.own), _spread(theirs.influence, samples.theirs)
    if all(map(math.isfinite, spreads)) and not all(ranking.varies(spread**2) for spread in spreads):
        return _perfect_area(name, (own, spreads[0]), (theirs, spreads[1]), samples=samples)
    if samples.paired:
        spread = _spread(own.influence - theirs.influence, samples.own)
        p = normal_tails(gap / spread) if spread else (1.0 if gap == 0 else 0.0)
        method = test = f"{own.method}, paired" + ("" if samples.independent else " by entity")
    else:
        spread = math.hypot(*spreads)
        p, method, test = None, f"{own.method}, independent samples", OTHER_ROWS
    half = Z * spread if math.isfinite(spread) else math.inf
    figure = Figure(gap, gap - half, gap + half, method, samples.n)
    return Compared(name, own.value, theirs.value, figure, p, test)


def _perfect_area(name: str, *sides: tuple[Area, float], samples: Samples) -> Compared:
    """Compare two areas of which one, perfect or constant, has no variance, and so no covariance with the other."""
    first, second = (
        Figure(area.value, max(0.0, area.value - Z * spread), min(1.0, area.value + Z * spread), n=samples.n)
        if ranking.varies(spread**2)
        else Figure(area.value, *area.ends, n=samples.n)
        for area, spread in sides
    )
    method = f"square-and-add; {ranking.NEWCOMBE}"
    figure = replace(ranking.apart(first, second, method), n=samples.n)
    gap, low, high = sides[0][0].value - sides[1][0].value, figure.low or 0.0, figure.high or 0.0
    if not samples.paired:
        return Compared(name, sides[0][0].value, sides[1][0].value, figure, None, OTHER_ROWS)
    # The test agrees with the interval: its error is that of the end which lies towards zero.
    p = normal_tails(Z * gap / (gap - low if gap > 0 else high - gap)) if gap else 1.0
    return Compared(name, sides[0][0].value, sides[1][0].value, figure, p, method)


def _spread(influence: Floats, frame: Frame) -> float:
    """Return the standard error of what the units' influences add up to."""
    weights, entities = frame.rows.weights, frame.rows.entities
    if entities is not None:
        own = influence if weights is None else influence * weights
        influence = np.bincount(entities, weights=own).astype(np.float64)
        weights = None
    squares = influence * influence
    return math.sqrt(float(np.sum(squares if weights is None else squares * weights)))


def _mean(name: str, own: Mean, theirs: Mean, samples: Samples) -> list[Compared]:
    if samples.paired:
        own, theirs = own.among(theirs), theirs.among(own)
    weights = own.weighed(samples.own.rows.weights), theirs.weighed(samples.theirs.rows.weights)
    totals = float(weights[0].sum()), float(weights[1].sum())
    if not totals[0] or not totals[1]:
        return []
    if samples.independent and own.is_share and theirs.is_share:
        if samples.paired:
            return [paired_share(name, own, theirs, weights[0])]
        hits = (float((weights[0] * own.values).sum()), float((weights[1] * theirs.values).sum()))
        figure = difference(hits[0], totals[0], hits[1], totals[1])
        return [Compared(name, hits[0] / totals[0], hits[1] / totals[1], figure, None, OTHER_ROWS)]
    return _drawn(_sums_of(name, own, weights[0]), _sums_of(name, theirs, weights[1]), samples)


def _sums_of(name: str, mean: Mean, weights: Floats) -> Sums:
    """Return a mean as a function of sums."""
    columns = np.stack([weights, weights * mean.values], axis=1)
    return Sums(columns_by_group(columns, None), {name: lambda sums: sums[..., 1] / sums[..., 0]})


def paired_share(name: str, own: Mean, theirs: Mean, weights: Floats) -> Compared:
    """Compare two shares of the same units by those that one has and the other has not; ``weights`` (n,)."""
    both = 2 * own.values.astype(np.uint8) + theirs.values.astype(np.uint8)
    cells = np.bincount(both, weights=weights, minlength=4)
    neither, only_second, only_first, shared = (float(cell) for cell in cells)
    n = float(cells.sum())
    low, high = newcombe_paired(shared, only_first, only_second, neither)
    test = mcnemar(only_first, only_second)
    figure = Figure((only_first - only_second) / n, low, high, "Newcombe, paired", n)
    return Compared(name, (shared + only_first) / n, (shared + only_second) / n, figure, test.p, test.method)


def paired_mean(name: str, own: Mean, theirs: Mean, weights: Floats, entities: Ints | None) -> Compared:
    """Compare two means of the same units by their differences, with the normal interval; entities count as one each."""
    total = float(weights.sum())
    first, second = (float((weights * one.values).sum()) / total for one in (own, theirs))
    gap = first - second
    moved = (own.values.astype(np.float64) - theirs.values - gap) / total
    if entities is None:
        variance = float((weights * moved**2).sum()) * total / max(total - 1, 1.0)
    else:
        seen = weights > 0
        members = np.unique(entities[seen], return_inverse=True)[1]
        sums = np.bincount(members, weights=(weights * moved)[seen])
        variance = float((sums**2).sum()) * len(sums) / max(len(sums) - 1, 1)
    half = Z * math.sqrt(variance)
    p = normal_tails(gap / math.sqrt(variance)) if variance > 0 else (1.0 if gap == 0 else 0.0)
    method = "normal, paired differences" + ("" if entities is None else " by entity")
    return Compared(name, first, second, Figure(gap, gap - half, gap + half, method, total), p, method)


def _drawn(own: Sums, theirs: Sums, samples: Samples) -> list[Compared]:
    """Compare functions of sums by a bootstrap: of the same draws of units where they are paired."""
    first = _values(own, samples.own)
    second = _values(theirs, samples.theirs)
    return [
        one
        for name in first
        if name in second and (one := _difference(name, first[name], second[name], samples)) is not None
    ]


def _values(sums: Sums, frame: Frame) -> dict[str, tuple[float, Floats]]:
    """Return each figure of the units and of each draw (resamples,)."""
    by_group = sums.by_group(frame.groups, frame.size)
    total, drawn = by_group.sum(axis=0), resampling.drawn_sums(frame.counts, by_group)
    found = {}
    for name, function in sums.functions.items():
        value, draws = float(function(total)), np.asarray(function(drawn), dtype=np.float64)
        exact = sums.exact.get(name, value)
        found[name] = (exact, draws + (exact - value))
    return found


def _difference(
    name: str, own: tuple[float, Floats], theirs: tuple[float, Floats], samples: Samples
) -> Compared | None:
    gaps = own[1] - theirs[1]
    gaps = gaps[np.isfinite(gaps)]
    gap = own[0] - theirs[0]
    if not len(gaps) or not math.isfinite(gap):
        return None
    low, high = resampling.percentile(gaps)
    kind = "paired bootstrap percentile" if samples.paired else "bootstrap percentile of two samples"
    method = f"{kind}, {samples.own.unit} drawn, {len(gaps):,} resamples"
    figure = Figure(gap, min(low, gap), max(high, gap), method, samples.n)
    if not samples.paired:
        return Compared(name, own[0], theirs[0], figure, None, OTHER_ROWS)
    # The share of draws on the far side of no difference, both ways (Efron and Tibshirani 1993, ch. 16).
    far = (min(int((gaps <= 0).sum()), int((gaps >= 0).sum())) + 1) / (len(gaps) + 1)
    return Compared(name, own[0], theirs[0], figure, min(1.0, 2 * far), "paired bootstrap")
