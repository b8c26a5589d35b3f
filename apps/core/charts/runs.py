"""Runs beside each other: parallel coordinates, and the curves of one metric."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.charts.drawing import Chart, dot, drawing, line, path, shorten, text

WIDTH = 720
TOP, TALL = 34, 190
#: Labels stand at the right end, so far apart at least (px).
LABEL_WIDTH, LABEL_STEP = 150, 14
#: The width of a letter of the axes' names (px), and a little more.
LETTER = 8


@dataclass(frozen=True)
class Strand:
    """A run with its number on each axis; None where it has none. ``marked`` is drawn before the others."""

    label: str
    values: tuple[float | None, ...]
    marked: bool = False


@dataclass(frozen=True)
class Trail:
    """A run's points (step, value) of one metric, by step."""

    label: str
    points: tuple[tuple[int, float], ...]
    marked: bool = False


def parallel(axes: Sequence[str], strands: Sequence[Strand], *, marking: str) -> Chart:
    """Draw each run as a line over the axes, each from its lowest to its highest value; ``marking`` says who is marked."""
    tall = max(TALL, LABEL_STEP * len(strands))
    ranges = [_range([one.values[place] for one in strands]) for place in range(len(axes))]
    gap = (WIDTH - LABEL_WIDTH - 60) / max(len(axes) - 1, 1)

    def at(place: int, value: float) -> tuple[float, float]:
        low, high = ranges[place]
        share = 0.5 if high == low else (value - low) / (high - low)
        return 40 + gap * place, TOP + tall * (1 - share)

    parts = []
    for place, name in enumerate(axes):
        x = 40 + gap * place
        low, high = ranges[place]
        anchor = "start" if place == 0 else "end" if place == len(axes) - 1 else "middle"
        parts.append(line(x, TOP, x, TOP + tall, stroke="c-muted"))
        parts.append(text(x, 12, shorten(name, int(gap / LETTER)), anchor=anchor, size=11))
        parts.append(text(x, TOP - 8, f"{high:.4g}", anchor=anchor, size=10, paint="c-muted"))
        parts.append(text(x, TOP + tall + 14, f"{low:.4g}", anchor=anchor, size=10, paint="c-muted"))
    ends = []
    for one in sorted(strands, key=lambda strand: strand.marked):
        points = [at(place, value) for place, value in enumerate(one.values) if value is not None]
        parts += _trail(points, marked=one.marked)
        if points:
            ends.append((points[-1], one.label, one.marked))
    parts += _labels(ends, x=WIDTH - LABEL_WIDTH + 8, bottom=TOP + tall)
    reading = (
        f"{len(strands)} runs over {len(axes)} numbers in which they differ{marking and f'; {marking}'}."
    )
    return Chart(
        drawing(parts, width=WIDTH, height=tall + 60, title=f"Parallel coordinates. {reading}"),
        "Parallel coordinates",
        reading,
        ("Run", *axes),
        tuple((one.label, *("–" if v is None else f"{v:.6g}" for v in one.values)) for one in strands),
    )


def overlay(name: str, trails: Sequence[Trail]) -> Chart:
    """Draw the curves of one metric over each other; the table has the first and last point and both ends of the range."""
    tall = max(150, LABEL_STEP * len(trails))
    every = [point for one in trails for point in one.points]
    first, last = min(step for step, _ in every), max(step for step, _ in every)
    low, high = _range([value for _, value in every])
    left, right = 60, WIDTH - LABEL_WIDTH

    def at(step: int, value: float) -> tuple[float, float]:
        up = 0.5 if high == low else (value - low) / (high - low)
        across = 0.0 if last == first else (step - first) / (last - first)
        return left + (right - left) * across, TOP + tall * (1 - up)

    parts = [
        line(left, TOP, left, TOP + tall, stroke="c-muted"),
        line(left, TOP + tall, right, TOP + tall, stroke="c-muted"),
        text(left - 6, TOP + 4, f"{high:.4g}", anchor="end", size=10, paint="c-muted"),
        text(left - 6, TOP + tall + 4, f"{low:.4g}", anchor="end", size=10, paint="c-muted"),
        text(left, TOP + tall + 16, f"step {first}", size=10, paint="c-muted"),
        text(right, TOP + tall + 16, f"step {last}", anchor="end", size=10, paint="c-muted"),
    ]
    ends = []
    for one in sorted(trails, key=lambda trail: trail.marked):
        points = [at(*point) for point in one.points]
        parts += _trail(points, marked=one.marked)
        ends.append((points[-1], one.label, one.marked))
    parts += _labels(ends, x=right + 8, bottom=TOP + tall)
    reading = f"{name} of {len(trails)} runs, from {low:.4g} to {high:.4g} over the steps {first} to {last}."
    return Chart(
        drawing(parts, width=WIDTH, height=tall + 60, title=reading),
        name,
        reading,
        ("Run", "First", "Last", "Lowest", "Highest"),
        tuple(_ends(one) for one in trails),
    )


def _ends(one: Trail) -> tuple[str, ...]:
    values = [value for _, value in one.points]
    first, last = one.points[0], one.points[-1]
    return (
        one.label,
        f"{first[1]:.6g} at step {first[0]}",
        f"{last[1]:.6g} at step {last[0]}",
        f"{min(values):.6g}",
        f"{max(values):.6g}",
    )


def _range(values: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)


def _trail(points: list[tuple[float, float]], *, marked: bool) -> list[str]:
    if len(points) == 1:
        return [dot(*points[0], paint="c-accent" if marked else "c-muted", radius=3)]
    if not points:
        return []
    return [path(points, stroke="c-accent" if marked else "c-muted", width=2.5 if marked else 1)]


def _labels(ends: list[tuple[tuple[float, float], str, bool]], *, x: float, bottom: float) -> list[str]:
    """Return the labels beside the ends of the lines, moved apart where they would cover each other."""
    placed = sorted(ends, key=lambda end: end[0][1])
    heights: list[float] = []
    for (_, y), _, _ in placed:
        heights.append(max(y, heights[-1] + LABEL_STEP) if heights else max(y, TOP))
    for place in range(len(heights) - 1, -1, -1):
        most = bottom if place == len(heights) - 1 else heights[place + 1] - LABEL_STEP
        heights[place] = min(heights[place], most)
    parts = []
    for ((end_x, end_y), label, marked), y in zip(placed, heights, strict=True):
        parts.append(line(end_x, end_y, x - 4, y, stroke="c-line", dash="2 2"))
        paint, bold = ("c-accent", 650) if marked else ("c-ink", 400)
        parts.append(text(x, y + 4, shorten(label, 20), size=11, paint=paint, bold=bold))
    return parts
