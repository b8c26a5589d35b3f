"""Clusters against true labels, and against their own features."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from apps.evaluations.engine.statistics.sums import OfSums
from apps.evaluations.engine.table import Floats, Ints

#: Silhouettes are quadratic: they are taken of this many rows at most, evenly chosen.
SILHOUETTE_ROWS = 5_000
_BLOCK = 500
#: Chance is not reckoned with for tables of more labels times clusters than this.
MOST_CELLS = 40_000
#: Figures of labels and clusters that can be drawn.
AGREEMENTS = (
    *("adjusted_rand", "normalised_mutual_information", "homogeneity", "completeness"),
    *("v_measure", "fowlkes_mallows", "purity"),
)


def contingency(true: Ints, cluster: Ints) -> Floats:
    """Return the table of counts (labels, clusters)."""
    width = int(cluster.max()) + 1
    size = (int(true.max()) + 1) * width
    return np.bincount(true * width + cluster, minlength=size).reshape(-1, width).astype(np.float64)


def _pairs(counts: Floats) -> float:
    return float((counts * (counts - 1)).sum()) / 2


def adjusted_rand(table: Floats) -> float | None:
    """Return the adjusted Rand index (Hubert and Arabie 1985): 0 by chance, 1 for the same partition."""
    both, rows, columns = _pairs(table), _pairs(table.sum(1)), _pairs(table.sum(0))
    total = table.sum() * (table.sum() - 1) / 2
    if not total:
        return None
    expected = rows * columns / total
    top = (rows + columns) / 2
    return 1.0 if top == expected else float((both - expected) / (top - expected))


def _entropy(counts: Floats) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def mutual_information(table: Floats) -> float:
    """Return the mutual information of labels and clusters, in nats."""
    joint = table / table.sum()
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    return float(special.rel_entr(joint, independent).sum())


def expected_information(table: Floats) -> float:
    """Return the mutual information to expect by chance with these margins (Vinh, Epps and Bailey 2010)."""
    rows, columns, n = table.sum(1), table.sum(0), float(table.sum())
    log = special.gammaln
    total = 0.0
    for a in rows[rows > 0]:
        for b in columns[columns > 0]:
            k = np.arange(max(1.0, a + b - n), min(a, b) + 1)
            chance = (
                log(a + 1) + log(b + 1) + log(n - a + 1) + log(n - b + 1)
                - log(n + 1) - log(k + 1) - log(a - k + 1) - log(b - k + 1) - log(n - a - b + k + 1)
            )  # fmt: skip
            total += float((k / n * np.log(n * k / (a * b)) * np.exp(chance)).sum())
    return total


def against_labels(true: Ints, cluster: Ints) -> dict[str, float | None]:
    """Return how far clusters and labels agree; 1 is the same partition."""
    table = contingency(true, cluster)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    shared = mutual_information(table)
    of_labels, of_clusters = _entropy(table.sum(1)), _entropy(table.sum(0))
    mean = (of_labels + of_clusters) / 2
    chance = expected_information(table) if table.size <= MOST_CELLS else None
    homogeneity = shared / of_labels if of_labels else 1.0
    completeness = shared / of_clusters if of_clusters else 1.0
    both = homogeneity + completeness
    pairs = _pairs(table.sum(1)) * _pairs(table.sum(0))
    return {
        "adjusted_rand": adjusted_rand(table),
        "adjusted_mutual_information": _adjusted(shared, mean, chance),
        "normalised_mutual_information": shared / mean if mean else 1.0,
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": 2 * homogeneity * completeness / both if both else 0.0,
        "fowlkes_mallows": _pairs(table) / pairs**0.5 if pairs else None,
        "purity": float(table.max(0).sum() / table.sum()),
    }


@dataclass(frozen=True)
class Agreement:
    """The cells of a table of labels and clusters that have rows, in the order of their clusters: codes of both (cells,)."""

    label: Ints
    cluster: Ints

    def functions(self) -> dict[str, OfSums]:
        """Return figures of agreement as functions of the counts of the cells (…, cells)."""
        functions = (
            self._adjusted_rand,
            lambda counts: self._shares(counts)[0],
            lambda counts: self._shares(counts)[1],
            lambda counts: self._shares(counts)[2],
            self._v_measure,
            self._fowlkes_mallows,
            self._purity,
        )
        return dict(zip(AGREEMENTS, functions, strict=True))

    def _margins(self, counts: Floats) -> tuple[Floats, Floats]:
        # Whole numbers add up exactly in any order, so BLAS may add them.
        own, others = (np.eye(int(codes.max()) + 1)[codes] for codes in (self.label, self.cluster))
        return counts @ own, counts @ others

    def _pairs(self, counts: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the pairs of rows that are together in both, in a label, and in a cluster."""
        both, labels, clusters = (
            (one * (one - 1)).sum(axis=-1) / 2 for one in (counts, *self._margins(counts))
        )
        return both, labels, clusters

    def _adjusted_rand(self, counts: Floats) -> Floats:
        both, labels, clusters = self._pairs(counts)
        n = counts.sum(axis=-1)
        expected = labels * clusters / (n * (n - 1) / 2)
        top = (labels + clusters) / 2
        return np.where(
            top == expected, 1.0, (both - expected) / np.where(top == expected, 1.0, top - expected)
        )

    def _fowlkes_mallows(self, counts: Floats) -> Floats:
        both, labels, clusters = self._pairs(counts)
        return both / np.sqrt(np.where(labels * clusters > 0, labels * clusters, np.nan))

    def _shares(self, counts: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the shared information over the mean entropy, over that of the labels, and over that of the clusters."""
        joint, labels, clusters = (_entropies(one) for one in (counts, *self._margins(counts)))
        shared = np.maximum(labels + clusters - joint, 0.0)
        mean, a, b = (
            np.where(one > 0, shared / np.where(one > 0, one, 1.0), 1.0)
            for one in ((labels + clusters) / 2, labels, clusters)
        )
        return mean, a, b

    def _v_measure(self, counts: Floats) -> Floats:
        _, a, b = self._shares(counts)
        return np.where(a + b > 0, 2 * a * b / np.where(a + b > 0, a + b, 1.0), 0.0)

    def _purity(self, counts: Floats) -> Floats:
        starts = np.flatnonzero(np.r_[True, self.cluster[1:] != self.cluster[:-1]])
        return np.maximum.reduceat(counts, starts, axis=-1).sum(axis=-1) / counts.sum(axis=-1)


def _entropies(counts: Floats) -> Floats:
    """Return the entropy of counts along the last axis, in nats."""
    shares = counts / counts.sum(axis=-1, keepdims=True)
    return special.entr(shares).sum(axis=-1)


def agreement(true: Ints, cluster: Ints) -> tuple[Agreement, Ints]:
    """Return the cells of labels and clusters (n,) that have rows, and the cell of each row."""
    width = int(true.max()) + 1
    filled, cells = np.unique(cluster * width + true, return_inverse=True)
    return Agreement(filled % width, filled // width), cells


def _adjusted(shared: float, mean: float, chance: float | None) -> float | None:
    if chance is None:
        return None
    return (shared - chance) / (mean - chance) if mean - chance > 1e-15 else 1.0


def silhouettes(features: Floats, cluster: Ints) -> Floats:
    """Return the silhouette of each row (Rousseeuw 1987), 0 in clusters of one; features (n, columns)."""
    size = np.bincount(cluster)
    squares = (features**2).sum(1)
    found = np.empty(len(features))
    for start in range(0, len(features), _BLOCK):
        block = slice(start, start + _BLOCK)
        products = np.einsum("ik,jk->ij", features[block], features, optimize=False)
        distance = np.sqrt(np.maximum(squares[block, None] + squares[None, :] - 2 * products, 0))
        sums = np.stack([np.bincount(cluster, weights=row, minlength=len(size)) for row in distance])
        own = cluster[block]
        rows = np.arange(len(own))
        inside = sums[rows, own] / np.maximum(size[own] - 1, 1)
        others = sums / np.maximum(size, 1)
        others[:, size == 0] = np.inf
        others[rows, own] = np.inf
        nearest = others.min(1)
        top = np.maximum(inside, nearest)
        found[block] = np.where(
            (size[own] > 1) & (top > 0), (nearest - inside) / np.where(top > 0, top, 1), 0.0
        )
    return found


def by_features(features: Floats, cluster: Ints) -> dict[str, float | None]:
    """Return Calinski and Harabasz's and Davies and Bouldin's indices; nothing where there are too few clusters or rows."""
    size = np.bincount(cluster).astype(np.float64)
    size = size[size > 0]
    codes = np.unique(cluster, return_inverse=True)[1]
    n, k = len(features), len(size)
    if not 1 < k < n:
        return {"calinski_harabasz": None, "davies_bouldin": None}
    centres = np.stack([np.bincount(codes, weights=column) for column in features.T], axis=1) / size[:, None]
    away = features - centres[codes]
    within = float((away**2).sum())
    between = float((size[:, None] * (centres - features.mean(0)) ** 2).sum())
    spread = np.bincount(codes, weights=np.sqrt((away**2).sum(1))) / size
    gaps = np.sqrt(((centres[:, None, :] - centres[None, :, :]) ** 2).sum(-1))
    np.fill_diagonal(gaps, np.inf)
    ratio = np.where(gaps > 0, (spread[:, None] + spread[None, :]) / np.where(gaps > 0, gaps, 1), np.inf)
    return {
        "calinski_harabasz": between * (n - k) / (within * (k - 1)) if within else None,
        "davies_bouldin": float(ratio.max(1).mean()) if np.isfinite(ratio).all() else None,
    }
