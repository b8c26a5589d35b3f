"""Bars: rates by group, levels by dimension."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.charts.drawing import Chart, drawing, line, number, rect, shorten, text

WIDTH = 640
FOUR_FIFTHS = 0.8


@dataclass(frozen=True)
class GroupRate:
    """A group's selection rate with its interval; groups that are too small are shown and not judged."""

    label: str
    n: int
    rate: float | None
    low: float | None
    high: float | None
    judged: bool


def impact_ratios(groups: Sequence[GroupRate], *, attribute: str, ratio: float | None) -> Chart:
    """Draw each group's selection rate, and four fifths of the highest rate of the judged groups as a line."""
    left, right, row_height = 150, 405, 34
    best = max((group.rate for group in groups if group.judged and group.rate is not None), default=None)
    mark = None if best is None else FOUR_FIFTHS * best
    height = 40 + row_height * max(len(groups), 1)
    parts = []
    span = right - left
    for index, group in enumerate(groups):
        y = 12 + row_height * index
        rate = group.rate or 0.0
        below = mark is not None and group.judged and group.rate is not None and group.rate < mark
        paint = "c-bad" if below else "c-accent" if group.judged else "c-line"
        words = "below 0.8" if below else "" if group.judged else "too few to judge"
        parts.append(text(left - 12, y + 14, shorten(group.label, 20), anchor="end"))
        parts.append(rect(left, y + 2, span * rate, 16, paint=paint))
        if group.low is not None and group.high is not None:
            parts.append(
                line(
                    left + span * group.low,
                    y + 10,
                    left + span * group.high,
                    y + 10,
                    stroke="c-ink",
                    width=1.5,
                )
            )
        parts.append(text(right + 16, y + 14, f"{number(group.rate)}  n {group.n:,}"))
        parts.append(text(right + 130, y + 14, words, paint="c-bad" if below else "c-muted", size=11))
    if mark is not None:
        x = left + span * mark
        parts.append(line(x, 6, x, height - 26, stroke="c-ink", width=1.5, dash="4 3"))
        parts.append(
            text(x, height - 10, f"0.8 × highest = {mark:.3f}", anchor="middle", size=10, paint="c-muted")
        )
    judged = (
        "cannot be judged yet"
        if ratio is None
        else f"is {ratio:.3f}; the four-fifths rule asks for more than 0.8"
    )
    reading = f"The disparate impact ratio by {attribute} {judged}."
    return Chart(
        drawing(parts, width=WIDTH, height=height, title=f"Selection rate by {attribute}. {reading}"),
        f"Selection rate by {attribute}",
        reading,
        (attribute.capitalize(), "Rows", "Selection rate", "95 % interval", "Judged"),
        tuple(
            (
                group.label,
                f"{group.n:,}",
                number(group.rate),
                f"{number(group.low)} to {number(group.high)}",
                "yes" if group.judged else "no, too few rows",
            )
            for group in groups
        ),
    )


def dimension_bars(rows: Sequence[tuple[str, int, int | None, int]], *, total: float, band: str) -> Chart:
    """Draw the level 0–5 of each dimension: (title, weight, scored level, suggested level)."""
    left, cell, row_height = 180, 52, 30
    parts = []
    for index, (title, weight, level, suggested) in enumerate(rows):
        y = 10 + row_height * index
        parts.append(text(left - 12, y + 14, shorten(title), anchor="end"))
        for step in range(5):
            filled = level is not None and step < level
            parts.append(
                rect(
                    left + cell * step,
                    y + 2,
                    cell - 3,
                    16,
                    paint="c-accent" if filled else "c-soft",
                    stroke="c-line",
                )
            )
        mark = left + cell * suggested - 2
        parts.append(line(mark, y - 1, mark, y + 21, stroke="c-ink", width=2, dash="3 2"))
        shown = "not scored" if level is None else f"{level} of 5"
        parts.append(text(left + cell * 5 + 12, y + 14, f"{shown}, weight {weight}", size=11))
    reading = f"{total:g} of 100: {band}. Dashed marks are what the evidence suggests."
    return Chart(
        drawing(
            parts,
            width=WIDTH,
            height=14 + row_height * max(len(rows), 1),
            title=f"Rubric by dimension. {reading}",
        ),
        "Rubric by dimension",
        reading,
        ("Dimension", "Weight", "Level", "Suggested"),
        tuple(
            (title, str(weight), "–" if level is None else str(level), str(suggested))
            for title, weight, level, suggested in rows
        ),
    )
