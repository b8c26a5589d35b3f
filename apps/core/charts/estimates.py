"""Estimates with their intervals, and the confusion matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.charts.drawing import (
    Chart,
    dot,
    drawing,
    element,
    interval,
    line,
    number,
    path,
    rect,
    shorten,
    text,
)

WIDTH = 640
LEFT, RIGHT = 170, 440
ROW = 28


@dataclass(frozen=True)
class Estimate:
    """A figure between 0 and 1 with its interval; the policy's mark, the champion's and the baseline's where known."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    reason: str = ""
    champion: float | None = None
    baseline: float | None = None


def forest(rows: Sequence[Estimate], *, title: str) -> Chart:
    """Draw one row per estimate on a scale of 0 to 1: dot, interval, and the threshold as a dashed mark."""
    marks = [name for name in ("champion", "baseline") if any(getattr(row, name) is not None for row in rows)]
    top = 34 + (20 if marks else 0)
    height = top + 12 + ROW * max(len(rows), 1)
    parts = [_scale(height), _legend(marks)]
    for index, row in enumerate(rows):
        y = top + ROW * index
        parts.append(text(LEFT - 12, y + 4, shorten(row.label), anchor="end"))
        if row.value is None:
            parts.append(
                text(LEFT, y + 4, f"not applicable: {shorten(row.reason, 44)}", paint="c-muted", size=11)
            )
            continue
        if row.low is not None and row.high is not None:
            parts.append(line(_x(row.low), y, _x(row.high), y, stroke="c-accent", width=3))
        if row.threshold is not None:
            parts.append(
                line(
                    _x(row.threshold), y - 10, _x(row.threshold), y + 10, stroke="c-bad", width=2, dash="3 2"
                )
            )
        parts += [_mark(name, _x(value), y) for name in marks if (value := getattr(row, name)) is not None]
        parts.append(dot(_x(row.value), y))
        parts.append(text(RIGHT + 16, y + 4, interval(row.value, row.low, row.high)))
    if not rows:
        parts.append(text(LEFT, 38, "No figures yet.", paint="c-muted"))
    having = [row for row in rows if row.value is not None]
    reading = (
        f"{having[0].label} is {interval(having[0].value, having[0].low, having[0].high)}."
        if having
        else "No figures yet."
    )
    return Chart(
        drawing(parts, width=WIDTH, height=height, title=f"{title}. {reading}"),
        title,
        reading,
        ("Metric", "Value", "95 % interval", *(name.capitalize() for name in marks)),
        tuple((row.label, *_cells(row), *(number(getattr(row, name), 4) for name in marks)) for row in rows),
    )


def _legend(marks: Sequence[str]) -> str:
    """Return what the marks of other models look like."""
    parts, x = [], float(LEFT)
    for name in marks:
        parts.append(_mark(name, x + 5, 9))
        label = "version in production" if name == "champion" else "best baseline without a model"
        parts.append(text(x + 16, 13, label, paint="c-muted", size=11))
        x += 150
    return "".join(parts)


def _mark(name: str, x: float, y: float) -> str:
    """Return a diamond for the champion and a bar for the baseline: told apart by shape, not by colour."""
    if name == "baseline":
        return line(x, y - 8, x, y + 8, stroke="c-muted", width=3)
    return path([(x, y - 7), (x + 6, y), (x, y + 7), (x - 6, y), (x, y - 7)], stroke="c-warn", width=2)


def _cells(row: Estimate) -> tuple[str, str]:
    if row.value is None:
        return "not applicable", row.reason
    return (
        f"{row.value:.4f}",
        "–" if row.low is None or row.high is None else f"{row.low:.4f} to {row.high:.4f}",
    )


def _x(value: float) -> float:
    return LEFT + (RIGHT - LEFT) * min(max(value, 0.0), 1.0)


def _scale(height: int) -> str:
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(line(_x(tick), 22, _x(tick), height - 20))
        parts.append(text(_x(tick), height - 6, f"{tick:g}", paint="c-muted", anchor="middle", size=10))
    return "".join(parts)


def confusion(tp: int, fp: int, fn: int, tn: int, *, threshold: float) -> Chart:
    """Draw the four cells; the depth of colour follows the share, the count and share are printed."""
    total = max(tp + fp + fn + tn, 1)
    cells = (("yes", "positive", tp), ("yes", "negative", fp), ("no", "positive", fn), ("no", "negative", tn))
    parts = [
        text(235, 16, "is positive", anchor="middle", paint="c-muted", size=11),
        text(385, 16, "is negative", anchor="middle", paint="c-muted", size=11),
        text(148, 64, "model says yes", anchor="end", paint="c-muted", size=11),
        text(148, 134, "model says no", anchor="end", paint="c-muted", size=11),
    ]
    for index, (says, truth, count) in enumerate(cells):
        x, y = 160 + 150 * (index % 2), 26 + 70 * (index // 2)
        right = (says == "yes") == (truth == "positive")
        parts.append(
            rect(x, y, 146, 66, paint="c-accent-soft" if right else "c-soft", stroke="c-line", radius=4)
        )
        parts.append(text(x + 73, y + 32, f"{count:,}", anchor="middle", size=17, bold=600))
        parts.append(
            text(
                x + 73,
                y + 52,
                f"{count / total:.1%}, {'right' if right else 'wrong'}",
                anchor="middle",
                size=11,
                paint="c-muted",
            )
        )
    reading = (
        f"At the threshold {threshold:g} the model is right in {(tp + tn) / total:.1%} of {total:,} rows."
    )
    return Chart(
        drawing([element("g", "".join(parts))], width=480, height=172, title=f"Confusion matrix. {reading}"),
        "Confusion matrix",
        reading,
        ("Model says", "Truth", "Rows"),
        tuple((says, truth, f"{count:,}") for says, truth, count in cells),
    )
