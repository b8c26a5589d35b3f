"""What ranked scores offer to a comparison: the AUC with each row's influence, and figures drawn by cells of scores."""

from collections.abc import Iterable

import numpy as np

from apps.evaluations.engine import ranking
from apps.evaluations.engine.comparison.measures import Area, Sums, codes_by_group
from apps.evaluations.engine.scoretable import score_table
from apps.evaluations.engine.statistics.proportions import mann_whitney
from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Bits, Floats

#: Draws that are ranked at once.
_BLOCK = 64


def two_classes(y: Bits, weights: Floats | None) -> bool:
    """Return whether both classes weigh anything."""
    counts = np.bincount(y, weights=weights, minlength=2)
    return bool((counts > 0).all())


def area_of(score: Floats, y: Bits, weights: Floats | None) -> Area:
    """Return the AUC; scores and labels (n,)."""
    found = ranking.placements(score, y, weights)
    value, influence = ranking.influence(found)
    return Area(value, influence, mann_whitney(value, *found.counts))


def ranked_sums(score: Floats, y: Bits, weights: Floats | None, names: Iterable[str]) -> Sums:
    """Return figures of ranked scores as functions of the classes' weights in at most 1,024 cells of scores."""
    scores = score_table(score, y, weights)
    width = len(scores.coarse.values)
    # Scores in their order are found in the table many times faster than in that of the rows.
    order = np.argsort(score)
    codes = np.empty(len(y), dtype=np.int64)
    codes[order] = scores.coarse_cells(score[order])
    codes += y.astype(np.int64) * width
    exact = ranking.rank_figures(scores)
    return Sums(
        codes_by_group(codes, 2 * width, weights),
        {name: _of_cells(ranking.STATISTICS[name], width) for name in names},
        {name: exact[name] for name in names},
    )


def _of_cells(statistic: ranking.RankStatistic, width: int) -> OfSums:
    def function(sums: Floats) -> Floats:
        if sums.ndim == 1:
            return statistic(ranking.Ranked.of(sums[width:], sums[:width]))
        blocks = [
            statistic(
                ranking.Ranked.of(sums[start : start + _BLOCK, width:], sums[start : start + _BLOCK, :width])
            )
            for start in range(0, len(sums), _BLOCK)
        ]
        return np.concatenate(blocks)

    return function
