"""Class labels, predicted classes and scores per class."""

from dataclasses import dataclass

import numpy as np

from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.engine.reading import typed
from apps.evaluations.engine.reading.common import full_numbers, pending_allowed, read_rows, shown, warn_small
from apps.evaluations.engine.reading.files import Source
from apps.evaluations.engine.reading.typed import Findings
from apps.evaluations.engine.table import Floats, Ints, Limits, Rows

MOST_CLASSES = 500
#: Scores of a row may miss a sum of 1 by this much.
SUM_SLACK = 1e-3


@dataclass(frozen=True)
class ClassTable:
    """Codes of true and predicted classes (n,), and scores per class (n, classes) where they were given."""

    classes: tuple[str, ...]
    true: Ints
    predicted: Ints
    scores: Floats | None
    rows: Rows
    probability: bool = True


def read_classes(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> ClassTable | None:
    """Return the table, or nothing where ``found`` has problems."""
    label = typed.coded(source, columns.label or "")
    said = typed.coded(source, columns.prediction) if columns.prediction else None
    named = columns.classes or columns.scores
    classes = _classes(label, said, named, columns, found)
    pending = label.missing
    if pending.any():
        pending_allowed(pending, columns, found)
    if said is not None and said.missing.any():
        found.problem(
            "prediction_missing",
            columns.prediction,
            said.missing,
            f"{int(said.missing.sum())} rows have no prediction in “{columns.prediction}”. Predict them, or leave them out.",
        )
    scores = _scores(source, columns, found)
    rows = read_rows(source, columns, limits, found)
    if found.problems:
        return None
    place = {name: index for index, name in enumerate(classes)}
    if scores is not None:
        wide = np.zeros((len(scores), len(classes)))
        wide[:, [place[name] for name in named]] = scores
        scores = wide
    true = np.array([place[name] for name in label.values] + [0])[label.codes]
    if said is not None:
        predicted = np.array([place[name] for name in said.values] + [0])[said.codes]
    else:
        assert scores is not None
        predicted = scores.argmax(axis=1)
    keep = np.flatnonzero(~pending)
    if not len(keep):
        found.problem(
            "no_rows", columns.label, [], "No row is left to evaluate: every label is still pending."
        )
        return None
    warn_small(len(keep), found)
    return ClassTable(
        classes,
        true[keep],
        predicted[keep],
        None if scores is None else scores[keep],
        rows.take(keep) if pending.any() else rows,
        columns.score_kind == "probability",
    )


def _classes(
    label: typed.Coded, said: typed.Coded | None, named: tuple[str, ...], columns: ColumnMap, found: Findings
) -> tuple[str, ...]:
    predicted = said.values if said is not None else ()
    classes = tuple(sorted({*label.values, *predicted, *named}))
    if len(classes) > MOST_CLASSES:
        found.problem(
            "too_many_classes",
            columns.label,
            [],
            f"“{columns.label}” has {len(classes)} classes; the limit is {MOST_CLASSES}. Is it a number or an identifier?",
        )
    if columns.scores and not set(label.values) <= set(named):
        missing = sorted(set(label.values) - set(named))
        found.problem(
            "label_not_in_set",
            columns.label,
            np.isin(label.codes, [label.values.index(name) for name in missing]),
            f"“{columns.label}” holds {shown(missing)}, for which there is no score column. "
            "Name the classes of the score columns in their order (classes).",
        )
    unseen = sorted(set(predicted) - set(label.values))
    if unseen:
        found.warning(
            "class_unseen",
            columns.prediction,
            [],
            f"{shown(unseen)} is predicted, but no row is of that class.",
        )
    return classes


def _scores(source: Source, columns: ColumnMap, found: Findings) -> Floats | None:
    if not columns.scores:
        return None
    read = [full_numbers(source, name, found, what="score") for name in columns.scores]
    known = [one for one in read if one is not None]
    if len(known) < len(read):
        return None
    scores = np.stack(known, axis=1)
    if columns.score_kind == "probability":
        outside = ((scores < 0) | (scores > 1)).any(axis=1)
        if outside.any():
            found.problem(
                "score_out_of_range",
                columns.scores[0],
                outside,
                f"{int(outside.sum())} rows have scores outside 0 to 1. Send probabilities, or declare score_kind: decision.",
            )
            return None
        if columns.task == "multiclass":
            off = np.abs(scores.sum(axis=1) - 1) > SUM_SLACK
            if off.any():
                found.problem(
                    "scores_not_a_distribution",
                    columns.scores[0],
                    off,
                    f"In {int(off.sum())} rows the scores of the classes do not sum to 1. Send one score column for each class.",
                )
                return None
    return scores


@dataclass(frozen=True)
class LabelTable:
    """Truth and prediction of each label (n, labels) as 0 or 1, and scores where they were given."""

    names: tuple[str, ...]
    truth: Ints
    predicted: Ints
    scores: Floats | None
    rows: Rows


def read_labels(source: Source, columns: ColumnMap, limits: Limits, found: Findings) -> LabelTable | None:
    """Return a multi-label table, or nothing where ``found`` has problems."""
    for role in ("scores", "predictions"):
        given = getattr(columns, role)
        if given and len(given) != len(columns.labels):
            found.problem(
                "label_set_mismatch",
                given[0],
                [],
                f"There are {len(columns.labels)} label columns, but {len(given)} columns of {role}; they belong together.",
            )
    truth = _bits(source, columns.labels, found)
    scores = _scores(source, columns, found)
    predicted = _bits(source, columns.predictions, found) if columns.predictions else None
    rows = read_rows(source, columns, limits, found)
    if found.problems or truth is None:
        return None
    if predicted is None:
        assert scores is not None
        predicted = (scores >= columns.threshold).astype(np.int64)
    warn_small(len(truth), found)
    return LabelTable(columns.classes or columns.labels, truth, predicted, scores, rows)


def _bits(source: Source, names: tuple[str, ...], found: Findings) -> Ints | None:
    columns = []
    for name in names:
        values = full_numbers(source, name, found, what="label")
        if values is None:
            continue
        wrong = (values != 0) & (values != 1)
        if wrong.any():
            found.problem(
                "label_not_in_set",
                name,
                wrong,
                f"“{name}” holds {values[wrong][0]:g}, which is neither 0 nor 1. Mend the rows.",
            )
            continue
        columns.append(values.astype(np.int64))
    return np.stack(columns, axis=1) if len(columns) == len(names) else None
