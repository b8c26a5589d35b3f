"""The report on clusters: with true labels, with the features that were clustered, or with both."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.comparison.measures import Comparable, Mean, Measured, Sums, codes_by_group
from apps.evaluations.engine.config import Config, Progress
from apps.evaluations.engine.figures import Figure, rounded, undefined
from apps.evaluations.engine.metrics import clustering as metrics
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.common import full_numbers, read_rows, warn_small
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.rowslices import RowLoss, row_slices
from apps.evaluations.engine.statistics.resampling import bootstrap_figure
from apps.evaluations.engine.statistics.sums import drawn_mean
from apps.evaluations.engine.table import Floats, Ints, Limits, Rows

MOST_CLUSTERS = 2_000
DEFINITIONS = {
    "adjusted_rand": "Pairs of rows that are together in both partitions, beyond chance (Hubert and Arabie 1985).",
    "adjusted_mutual_information": "Shared information beyond chance, over the mean entropy (Vinh et al. 2010).",
    "normalised_mutual_information": "Shared information over the mean entropy; rises with the number of clusters.",
    "homogeneity": "Clusters hold one label each: 1 - H(label | cluster) / H(label).",
    "completeness": "Labels lie in one cluster each: 1 - H(cluster | label) / H(cluster).",
    "v_measure": "Harmonic mean of homogeneity and completeness.",
    "fowlkes_mallows": "Geometric mean of the precision and recall of pairs.",
    "purity": "Share of rows of their cluster's most frequent label.",
    "silhouette": "Mean of (distance to the next cluster - distance within) / the larger (Rousseeuw 1987); columns as they are.",
    "calinski_harabasz": "Spread between clusters over spread within, by degrees of freedom.",
    "davies_bouldin": "Mean likeness of each cluster with its most similar one; lower is better.",
}


@dataclass(frozen=True)
class ClusterTable:
    """Codes of clusters and of labels (n,), and features (n, columns), whichever were given."""

    cluster: Ints
    names: tuple[str, ...]
    label: Ints | None
    features: Floats | None
    rows: Rows
    label_names: tuple[str, ...] = ()


def read(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> ClusterTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    cluster = _codes(source, columns.prediction or "", found)
    label = _codes(source, columns.label, found) if columns.label else None
    features = [full_numbers(source, name, found, what="feature") for name in columns.features]
    rows = read_rows(source, columns, limits, found)
    if found.problems or cluster is None:
        return None
    if len(cluster.values) < 2:
        found.warning("one_cluster", columns.prediction, [], "There is one cluster: nothing is set apart.")
    warn_small(source.rows, found)
    known = [one for one in features if one is not None]
    return ClusterTable(
        cluster.codes.astype(np.int64),
        cluster.values,
        None if label is None else label.codes.astype(np.int64),
        np.stack(known, axis=1) if known else None,
        rows,
        () if label is None else label.values,
    )


def _codes(source: Source, name: str, found: Findings) -> typed.Coded | None:
    column = typed.coded(source, name)
    if column.missing.any():
        found.problem(
            "cluster_missing",
            name,
            column.missing,
            f"{int(column.missing.sum())} rows have no “{name}”. Fill it in.",
        )
        return None
    if len(column.values) > MOST_CLUSTERS:
        found.problem(
            "too_many_classes",
            name,
            [],
            f"“{name}” has {len(column.values):,} values; the limit is {MOST_CLUSTERS:,}. Is it an identifier?",
        )
        return None
    return column


def report(table: ClusterTable, columns: ColumnMap, config: Config, progress: Progress) -> dict[str, Any]:
    """Return the body of the report."""
    figures: dict[str, Figure] = {}
    found: dict[str, Any] = {}
    if table.label is not None:
        progress(0.2, "labels")
        figures |= _against_labels(table, table.label, config)
    if table.features is not None:
        progress(0.5, "features")
        own, found = _by_features(table, table.features, columns, config)
        figures |= own
    name = "adjusted_rand" if table.label is not None else "silhouette"
    why, watch = (
        (
            "It says how far the clusters are the true groups, beyond chance.",
            "Labels may group by something else than was sought.",
        )
        if table.label is not None
        else (
            "Without labels, it says how far clusters stand apart.",
            "It prefers round clusters, and depends on the columns' scales.",
        )
    )
    size = np.bincount(table.cluster, minlength=len(table.names))
    return {
        "n": table.rows.n,
        "rows": table.rows.n,
        "clusters": [
            {"value": value, "n": int(n), "share": rounded(float(n) / table.rows.n)}
            for value, n in zip(table.names, size, strict=True)
        ],
        "metrics": {metric: figure.to_json() for metric, figure in figures.items()},
        "headline": {"metric": name, **figures[name].to_json(), "why": why, "watch_out": watch},
        "baselines": {
            "one_cluster": {"adjusted_rand": 0.0, "adjusted_mutual_information": 0.0, "v_measure": 0.0}
            if table.label is not None
            else {"silhouette": None}
        },
        "worst": [],
        "definitions": {metric: DEFINITIONS[metric] for metric in figures},
        **found,
    }


def _against_labels(table: ClusterTable, label: Ints, config: Config) -> dict[str, Figure]:
    """Return the figures with intervals from draws of the cells of the table of labels and clusters."""
    values = metrics.against_labels(label, table.cluster)
    counts = metrics.contingency(label, table.cluster)
    rng = np.random.default_rng([config.seed, 0])
    cells = counts.ravel()
    drawn = rng.multinomial(len(label), cells / cells.sum(), size=config.resamples)
    quick = {
        "adjusted_rand": metrics.adjusted_rand,
        "purity": lambda one: float(one.max(0).sum() / one.sum()),
    }
    n = len(label)
    found = {}
    for name, value in values.items():
        if value is None:
            found[name] = undefined("There are too few rows to pair, or too many labels and clusters.", n=n)
        elif name in quick:
            draws = np.array(
                [quick[name](one.reshape(counts.shape)) for one in drawn.astype(np.float64)], np.float64
            )
            found[name] = bootstrap_figure(value, draws, n=n, how="rows drawn")
        else:
            found[name] = Figure(value, method="a property of the whole table, without an interval", n=n)
    return found


def _chosen(n: int) -> Ints:
    """Return the rows whose silhouettes are taken, evenly chosen."""
    most = metrics.SILHOUETTE_ROWS
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)


def _by_features(
    table: ClusterTable, features: Floats, columns: ColumnMap, config: Config
) -> tuple[dict[str, Figure], dict[str, Any]]:
    n = len(features)
    chosen = _chosen(n)
    note = "a property of the whole table, without an interval"
    found = {
        name: undefined("Needs at least two clusters and fewer than rows.", n=n)
        if value is None
        else Figure(value, method=note, n=n)
        for name, value in metrics.by_features(features, table.cluster).items()
    }
    if len(np.unique(table.cluster[chosen])) < 2:
        return {"silhouette": undefined("There is one cluster.", n=n)} | found, {}
    own = metrics.silhouettes(features[chosen], table.cluster[chosen])
    rng = np.random.default_rng([config.seed, 1])
    how = "rows" if n == len(chosen) else f"{len(chosen):,} of {n:,} rows, evenly chosen,"
    silhouette = drawn_mean(own, config.resamples, rng, how=how)
    slices = row_slices(table.rows.take(chosen), RowLoss("1 - silhouette", 1 - own), columns.groups)
    return {"silhouette": silhouette} | found, slices


#: Tables of more labels and clusters that meet than this are not drawn.
MOST_DRAWN = 4_000
_WHOLE = "A property of the whole table: it has no interval, and neither has a difference."
NOT_COMPARED = {
    "adjusted_mutual_information": "Chance is too dear to be reckoned with in each draw: the adjusted Rand index is compared.",
    "calinski_harabasz": _WHOLE,
    "davies_bouldin": _WHOLE,
}


def comparable(table: ClusterTable, columns: ColumnMap) -> Comparable:
    """Return what of the table is compared: clusters against labels by a bootstrap of rows, silhouettes row by row."""
    label, features = table.label, table.features

    def measure(units: Ints, weights: Floats | None) -> Measured:
        cluster = table.cluster[units]
        sums, means, grounds = {}, {}, {}
        if label is not None:
            found, cells = metrics.agreement(label[units], cluster)
            if len(found.label) <= MOST_DRAWN:
                by_group = codes_by_group(cells, len(found.label), None)
                sums["agreement"] = Sums(by_group, found.functions())
        if features is not None and (own := _silhouettes(features[units], cluster)) is not None:
            means["silhouette"] = own
            grounds["silhouette"] = "columns: " + ", ".join(sorted(columns.features))
        sliced = ("silhouette", means["silhouette"]) if means else None
        return Measured(means, sums, {}, grounds, sliced)

    names = [*metrics.AGREEMENTS, "adjusted_mutual_information"] if label is not None else []
    names += ["calinski_harabasz", "davies_bouldin"] if features is not None else []
    crowded = f"More than {MOST_DRAWN:,} pairs of a label and a cluster: they are not drawn."
    return Comparable(
        "rows",
        table.rows.ids,
        None if label is None else np.array(table.label_names)[label],
        replace(table.rows, weights=None),
        measure,
        left_out={name: NOT_COMPARED.get(name, crowded) for name in names},
    )


def _silhouettes(features: Floats, cluster: Ints) -> Mean | None:
    """Return the mean silhouette of evenly chosen rows; nothing where these are of one cluster."""
    chosen = _chosen(len(cluster))
    if len(np.unique(cluster[chosen])) < 2:
        return None
    values, of = np.zeros(len(cluster)), np.zeros(len(cluster), dtype=bool)
    values[chosen], of[chosen] = metrics.silhouettes(features[chosen], cluster[chosen]), True
    return Mean(values, of)
