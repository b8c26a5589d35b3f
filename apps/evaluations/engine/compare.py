"""A challenger against a champion on the same rows: paired tests, the difference with its interval, non-inferiority."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.evaluations.engine import LOWER_IS_BETTER, ranking
from apps.evaluations.engine.config import Config
from apps.evaluations.engine.figures import Figure, difference, rounded, verdict_of
from apps.evaluations.engine.metrics import confusion
from apps.evaluations.engine.metrics.confusion import CONFUSION_METRICS, cells_of
from apps.evaluations.engine.metrics.scoring import CLIP
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.statistics import resampling
from apps.evaluations.engine.statistics.proportions import Z, newcombe_paired
from apps.evaluations.engine.statistics.testing import benjamini_hochberg, mcnemar, normal_tails
from apps.evaluations.engine.table import Floats, Ints, Table

#: Slices of fewer rows than this are not compared.
SMALLEST_SLICE = 30
LEVEL = 0.05


@dataclass(frozen=True)
class Compared:
    """A figure of both, and the challenger's less the champion's."""

    metric: str
    challenger: float
    champion: float
    difference: Figure
    p: float | None
    test: str

    def to_json(self, margin: float) -> dict[str, Any]:
        """Return plain JSON with the verdicts; ``margin`` is how much worse still counts as not inferior."""
        gain = self.difference
        if self.metric in LOWER_IS_BETTER and gain.low is not None and gain.high is not None:
            gain = Figure(gain.value, -gain.high, -gain.low)
        return {
            "metric": self.metric,
            "challenger": rounded(self.challenger),
            "champion": rounded(self.champion),
            "difference": self.difference.to_json(),
            "p": rounded(self.p),
            "test": self.test,
            "verdict": verdict_of(gain),
            "non_inferior": _non_inferior(gain, margin),
        }


def _non_inferior(gain: Figure, margin: float) -> str:
    """Return whether the whole interval lies above the margin, below it, or on both sides."""
    if gain.low is None or gain.high is None:
        return "not enough evidence"
    return "yes" if gain.low > -margin else "no" if gain.high < -margin else "not enough evidence"


def compare(challenger: Table, champion: Table, config: Config) -> dict[str, Any]:
    """Return the comparison of two binary tables, paired by row id; unpaired where they share no row."""
    warnings: list[str] = []
    pairs = _joined(challenger, champion, warnings)
    if pairs is None:
        return _unpaired(challenger, champion, config, warnings)
    first, second = _taken(challenger, pairs[0]), _taken(champion, pairs[1])
    same = first.y == second.y
    if not same.all():
        warnings.append(
            f"{int((~same).sum())} common rows have another label in the champion's table; they are left out."
        )
        first, second = (_taken(table, np.flatnonzero(same)) for table in (first, second))
    if not first.n:
        return _unpaired(challenger, champion, config, warnings)
    found = [*_decided(first, second), *_drawn(first, second, config)]
    if first.score is not None and second.score is not None and 0 < first.y.sum() < first.n:
        found.insert(0, compare_auc(first, second))
    return {
        "paired": True,
        "rows": first.n,
        "only_challenger": challenger.n - len(pairs[0]),
        "only_champion": champion.n - len(pairs[1]),
        "margin": config.margin,
        "metrics": [one.to_json(config.margin) for one in found],
        "slices": _slices(first, second),
        "warnings": warnings,
    }


def _joined(challenger: Table, champion: Table, warnings: list[str]) -> tuple[Ints, Ints] | None:
    """Return the places of the common rows in both tables."""
    ids = challenger.rows.ids, champion.rows.ids
    if ids[0] is None or ids[1] is None:
        warnings.append("One of the tables has no row ids: rows cannot be paired. Declare row_id in both.")
        return None
    own, theirs = (
        pa.chunked_array([pa.array(np.asarray(one).astype(str))])
        if isinstance(one, np.ndarray)
        else one.cast(pa.string())
        for one in ids
    )
    places = pc.fill_null(pc.index_in(own, value_set=theirs.combine_chunks()), -1)
    found = np.concatenate([np.asarray(chunk) for chunk in places.chunks]).astype(np.int64)
    common = np.flatnonzero(found >= 0)
    if not len(common):
        warnings.append("The tables have no row id in common: they are compared as different samples.")
        return None
    if len(common) < max(challenger.n, champion.n):
        warnings.append(
            f"{len(common):,} rows are common to both tables, of {challenger.n:,} and {champion.n:,}; these are compared."
        )
    return common, found[common]


def _taken(table: Table, rows: Ints) -> Table:
    score = None if table.score is None else table.score[rows]
    return Table(table.y[rows], score, table.decision[rows], table.rows.take(rows), table.probability)


def compare_auc(first: Table, second: Table) -> Compared:
    """Compare two AUCs of the same rows (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988)."""
    assert first.score is not None
    assert second.score is not None
    models = [
        ranking.placements(table.score, first.y, first.weights)
        for table in (first, second)
        if table.score is not None
    ]
    values, covariance = ranking.delong_covariance(models)
    gap = float(values[0] - values[1])
    if not all(ranking.varies(float(variance)) for variance in np.diag(covariance)):
        return _compare_perfect(values, covariance, models[0].counts)
    spread = math.sqrt(max(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0.0))
    p = normal_tails(gap / spread) if spread else (1.0 if gap == 0 else 0.0)
    figure = Figure(gap, gap - Z * spread, gap + Z * spread, "DeLong, paired", first.rows.total)
    return Compared("roc_auc", float(values[0]), float(values[1]), figure, p, "DeLong, paired")


def _compare_perfect(values: Floats, covariance: Floats, counts: tuple[float, float]) -> Compared:
    """Compare two AUCs of which one, perfect or constant, has no variance of DeLong's, and so no covariance either."""
    first, second = (
        ranking.with_interval(float(value), float(variance), *counts)
        for value, variance in zip(values, np.diag(covariance), strict=True)
    )
    figure = ranking.apart(first, second, f"square-and-add; {ranking.NEWCOMBE}")
    gap, low, high = float(values[0] - values[1]), figure.low or 0.0, figure.high or 0.0
    # The test agrees with the interval: its error is that of the end which lies towards zero.
    p = normal_tails(Z * gap / (gap - low if gap > 0 else high - gap)) if gap else 1.0
    return Compared("roc_auc", float(values[0]), float(values[1]), figure, p, figure.method)


def _decided(first: Table, second: Table) -> list[Compared]:
    """Compare accuracy, recall and specificity by the rows that one has right and the other wrong."""
    right = [table.decision == first.y for table in (first, second)]
    found = []
    for name, rows in (
        ("accuracy", np.ones(first.n, dtype=bool)),
        ("recall", first.y == 1),
        ("specificity", first.y == 0),
    ):
        weights = rows * 1.0 if first.weights is None else rows * first.weights
        if weights.sum():
            found.append(_paired_share(name, right[0], right[1], weights))
    return found


def _paired_share(name: str, first: Any, second: Any, weights: Any) -> Compared:
    cells = np.bincount(2 * first + second, weights=weights, minlength=4)
    neither, only_second, only_first, both = (float(cell) for cell in cells)
    n = float(weights.sum())
    low, high = newcombe_paired(both, only_first, only_second, neither)
    test = mcnemar(only_first, only_second)
    figure = Figure((only_first - only_second) / n, low, high, "Newcombe, paired", n)
    return Compared(name, (both + only_first) / n, (both + only_second) / n, figure, test.p, test.method)


def _drawn(first: Table, second: Table, config: Config) -> list[Compared]:
    """Compare the other metrics with a paired bootstrap: both models on the same draws of rows or entities."""
    rng = np.random.default_rng([config.seed, 5])
    members = (
        np.arange(first.n)
        if first.rows.entities is None
        else np.unique(first.rows.entities, return_inverse=True)[1]
    )
    groups = resampling.random_groups(int(members.max()) + 1, rng)[members]
    counts = resampling.group_draws(int(groups.max()) + 1, config.resamples, rng)
    values = [_values(table, groups, counts) for table in (first, second)]
    found = []
    for name in values[0]:
        if name not in values[1]:
            continue
        (own, draws), (theirs, other) = values[0][name], values[1][name]
        gaps = draws - other
        gaps = gaps[np.isfinite(gaps)]
        if not len(gaps) or not math.isfinite(own - theirs):
            continue
        low, high = resampling.percentile(gaps)
        # The share of draws on the far side of no difference, both ways (Efron and Tibshirani 1993, ch. 16).
        far = (min(int((gaps <= 0).sum()), int((gaps >= 0).sum())) + 1) / (len(gaps) + 1)
        method = f"paired bootstrap percentile, {len(gaps):,} resamples"
        gap = own - theirs
        figure = Figure(gap, min(low, gap), max(high, gap), method, first.rows.total)
        found.append(Compared(name, own, theirs, figure, min(1.0, 2 * far), "paired bootstrap"))
    return found


def _values(table: Table, groups: Ints, counts: Floats) -> dict[str, tuple[float, Floats]]:
    """Return each metric of the table and of each draw (resamples,)."""
    size = counts.shape[1]
    outcome = groups * 4 + 2 * table.y + table.decision
    sums = np.bincount(outcome, weights=table.weights, minlength=size * 4).reshape(size, 4).astype(np.float64)
    draws, cells = confusion.entity_draws(sums, counts), cells_of(table.y, table.decision, table.weights)
    found = {}
    for name in ("f1", "balanced_accuracy", "mcc"):
        function = CONFUSION_METRICS[name][0]
        found[name] = (float(function(cells.tp, cells.fp, cells.fn, cells.tn)), draws.values(function))
    if table.score is None or not 0 < table.y.sum() < table.n:
        return found
    scores = score_table(table.score, table.y, table.weights)
    of_cell = scores.coarse_cells(table.score)
    ranked = ranking.entity_draws(scores, of_cell, table.y, table.weights, groups, counts)
    own = ranking.rank_figures(scores)
    for name, values in ranked.values(("pr_auc", "ks")).items():
        found[name] = (own[name], values)
    if table.probability:
        given = np.maximum(np.abs(table.score + (table.y - 1.0)), CLIP)
        losses = np.stack([np.ones(table.n), (1 - given) ** 2, -np.log(given)], axis=1)
        rows = losses if table.weights is None else losses * table.weights[:, None]
        group_sums = resampling.sums_by_group(rows, groups, size)
        drawn, total = resampling.drawn_sums(counts, group_sums), group_sums.sum(axis=0)
        for place, name in ((1, "brier"), (2, "log_loss")):
            found[name] = (float(total[place] / total[0]), drawn[:, place] / drawn[:, 0])
    return found


def _slices(first: Table, second: Table) -> list[dict[str, Any]]:
    """Compare the accuracy of each group, with the false discovery rate over all groups held at 5 %."""
    right = [table.decision == first.y for table in (first, second)]
    compared: list[tuple[str, str, Compared]] = []
    for column, group in first.groups.items():
        for index, value in enumerate(group.values):
            rows = group.mask(index)
            weights = rows * 1.0 if first.weights is None else rows * first.weights
            if weights.sum() >= SMALLEST_SLICE:
                compared.append((column, value, _paired_share("accuracy", right[0], right[1], weights)))
    levels = benjamini_hochberg([one.p or 0.0 for _, _, one in compared]).tolist()
    return [
        {"column": column, "value": value, "q": rounded(q)}
        | one.to_json(0.0)
        | {"verdict": _verdict_at(one, q)}
        for (column, value, one), q in zip(compared, levels, strict=True)
    ]


def _verdict_at(one: Compared, q: float) -> str:
    gap = one.difference.value or 0.0
    if q > LEVEL or gap == 0:
        return "no difference shown"
    return "better" if gap > 0 else "worse"


def _unpaired(challenger: Table, champion: Table, config: Config, warnings: list[str]) -> dict[str, Any]:
    """Compare two samples that share no rows: wider intervals, and no test of pairs."""
    found = []
    cells = [cells_of(table.y, table.decision, table.weights) for table in (challenger, champion)]
    for name in ("accuracy", "recall", "specificity"):
        own, theirs = cells[0].value(name), cells[1].value(name)
        if own is not None and theirs is not None:
            figure = difference(*cells[0].counts(name), *cells[1].counts(name))
            found.append(Compared(name, own, theirs, figure, None, "none: the rows are not the same"))
    aucs = [
        ranking.auc_figure(score_table(table.score, table.y, table.weights))
        if table.score is not None
        else None
        for table in (challenger, champion)
    ]
    first, second = aucs
    if (
        first
        and second
        and first.value is not None
        and second.value is not None
        and first.low is not None
        and second.low is not None
    ):
        figure = ranking.apart(first, second, "DeLong, independent samples: square-and-add")
        found.insert(
            0, Compared("roc_auc", first.value, second.value, figure, None, "none: the rows are not the same")
        )
    return {
        "paired": False,
        "rows": 0,
        "only_challenger": challenger.n,
        "only_champion": champion.n,
        "margin": config.margin,
        "metrics": [one.to_json(config.margin) for one in found],
        "slices": [],
        "warnings": warnings,
    }
