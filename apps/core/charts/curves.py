"""Curves: calibration with its histogram, ROC, precision-recall, and a metric over steps."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.core.charts.drawing import Chart, dot, drawing, line, number, path, rect, text

SIZE = 300
LEFT, TOP, SIDE = 46, 16, 220


def _at(x: float, y: float) -> tuple[float, float]:
    return LEFT + SIDE * x, TOP + SIDE * (1 - y)


def _frame(across: str, up: str) -> list[str]:
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = _at(tick, tick)
        parts += [line(x, TOP, x, TOP + SIDE), line(LEFT, y, LEFT + SIDE, y)]
        parts.append(text(x, TOP + SIDE + 14, f"{tick:g}", anchor="middle", size=10, paint="c-muted"))
        parts.append(text(LEFT - 6, y + 4, f"{tick:g}", anchor="end", size=10, paint="c-muted"))
    parts.append(text(LEFT + SIDE / 2, TOP + SIDE + 32, across, anchor="middle", size=11, paint="c-muted"))
    parts.append(text(LEFT, TOP - 5, up, size=11, paint="c-muted"))
    return parts


def calibration(bins: Sequence[Mapping[str, Any]], *, ece: float | None) -> Chart:
    """Draw observed frequency against mean score by bin, with intervals, and how many rows each bin has."""
    parts = _frame("mean score", "observed")
    parts.append(path([_at(0, 0), _at(1, 1)], stroke="c-muted", width=1, dash="4 3"))
    most = max((entry["n"] for entry in bins), default=0) or 1
    filled = [entry for entry in bins if entry["n"]]
    for entry in bins:
        x, base = _at(entry["low"], 0)
        tall = 34 * entry["n"] / most
        parts.append(rect(x + 1, base - tall, SIDE / 10 - 2, tall, paint="c-accent-soft", radius=0))
    for entry in filled:
        x, low = _at(entry["mean_score"], entry["ci_low"])
        _, high = _at(entry["mean_score"], entry["ci_high"])
        parts.append(line(x, low, x, high, stroke="c-accent", width=1.5))
    parts.append(path([_at(entry["mean_score"], entry["observed"]) for entry in filled]) if filled else "")
    parts += [dot(*_at(entry["mean_score"], entry["observed"]), radius=3) for entry in filled]
    reading = (
        "There are no rows." if ece is None else f"On average a score is off by {ece:.3f} (ECE, ten bins)."
    )
    return Chart(
        drawing(parts, width=SIZE, height=SIZE - 8, title=f"Calibration. {reading}"),
        "Calibration",
        reading,
        ("Scores", "Rows", "Mean score", "Observed", "95 % interval"),
        tuple(
            (
                f"{entry['low']:.1f} to {entry['high']:.1f}",
                f"{entry['n']:,}",
                number(entry.get("mean_score")),
                number(entry.get("observed")),
                f"{number(entry.get('ci_low'))} to {number(entry.get('ci_high'))}",
            )
            for entry in bins
        ),
    )


def curve(points: Sequence[Mapping[str, Any]], *, kind: str, area: float | None, prevalence: float) -> Chart:
    """Draw a ROC or precision-recall curve; the dashed line is a model that knows nothing."""
    roc = kind == "roc"
    parts = _frame("false positive rate" if roc else "recall", "true positive rate" if roc else "precision")
    chance = [_at(0, 0), _at(1, 1)] if roc else [_at(0, prevalence), _at(1, prevalence)]
    parts.append(path(chance, stroke="c-muted", width=1, dash="4 3"))
    if points:
        parts.append(path([_at(point["x"], point["y"]) for point in points]))
    name = "ROC curve" if roc else "Precision-recall curve"
    what = "area under the curve" if roc else "average precision"
    reading = "Only one class is present." if area is None else f"The {what} is {area:.3f}."
    step = max(1, len(points) // 20)
    return Chart(
        drawing(parts, width=SIZE, height=SIZE - 8, title=f"{name}. {reading}"),
        name,
        reading,
        (
            "False positive rate" if roc else "Recall",
            "True positive rate" if roc else "Precision",
            "Threshold",
        ),
        tuple((number(p["x"]), number(p["y"]), number(p["threshold"])) for p in points[::step]),
    )


def series(points: Sequence[tuple[int, float]], *, name: str) -> Chart:
    """Draw a metric over steps."""
    width, height, left, top = 420, 170, 60, 14
    steps, values = [step for step, _ in points], [value for _, value in points]
    low, high = min(values), max(values)
    span_x, span_y = (max(steps) - min(steps)) or 1, (high - low) or 1

    def at(step: int, value: float) -> tuple[float, float]:
        return left + (width - left - 14) * (step - min(steps)) / span_x, top + 120 * (
            1 - (value - low) / span_y
        )

    parts = [
        line(left, top, left, top + 120, stroke="c-muted"),
        line(left, top + 120, width - 14, top + 120, stroke="c-muted"),
    ]
    parts += [
        text(left - 6, at(0, v)[1] + 4, f"{v:.3g}", anchor="end", size=10, paint="c-muted")
        for v in {low, high}
    ]
    parts += [
        text(at(s, low)[0], top + 136, f"{s}", anchor="middle", size=10, paint="c-muted")
        for s in {min(steps), max(steps)}
    ]
    parts.append(path([at(step, value) for step, value in points]))
    reading = f"{name} goes from {values[0]:.4g} at step {steps[0]} to {values[-1]:.4g} at step {steps[-1]}."
    return Chart(
        drawing(parts, width=width, height=height, title=reading),
        name,
        reading,
        ("Step", name),
        tuple((str(step), f"{value:.6g}") for step, value in points),
    )
