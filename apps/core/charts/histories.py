"""Scores over time: what reviewers gave, and what the evidence suggested."""

import datetime
from collections.abc import Sequence

from apps.core.charts.drawing import Chart, dot, drawing, line, path, text

WIDTH, LEFT, TOP, TALL = 640, 44, 14, 160
TOP_SCORE = 100


def score_history(
    points: Sequence[tuple[datetime.datetime, str, float | None, float | None]],
    *,
    bands: Sequence[tuple[int, str]] = (),
) -> Chart:
    """Draw totals 0–100 in the order of time: (moment, version, scored, suggested); bands are (from, title)."""
    right = WIDTH - 150
    step = (right - LEFT - 20) / max(len(points) - 1, 1)

    def at(index: int, total: float) -> tuple[float, float]:
        return LEFT + 10 + step * index, TOP + TALL * (1 - total / TOP_SCORE)

    parts = _frame(bands, right)
    scored = [at(index, one[2]) for index, one in enumerate(points) if one[2] is not None]
    suggested = [at(index, one[3]) for index, one in enumerate(points) if one[3] is not None]
    if suggested:
        parts.append(path(suggested, stroke="c-muted", width=1.5, dash="4 3"))
        parts += [dot(x, y, paint="c-muted", radius=2.5) for x, y in suggested]
    if scored:
        parts.append(path(scored))
        parts += [dot(x, y) for x, y in scored]
    for index in {0, len(points) - 1}:
        moment, version, _, _ = points[index]
        x = at(index, 0)[0]
        anchor = "start" if index == 0 else "end"
        parts.append(
            text(x, TOP + TALL + 16, f"{version}, {moment:%Y-%m-%d}", anchor=anchor, size=10, paint="c-muted")
        )
    reading = _reading([(one[1], one[2]) for one in points if one[2] is not None])
    return Chart(
        drawing(parts, width=WIDTH, height=TOP + TALL + 26, title=f"Score over time. {reading}"),
        "Score over time",
        f"{reading} The dashed line is what the evidence suggested.",
        ("Time (UTC)", "Version", "Scored", "Suggested"),
        tuple(_cells(*one) for one in points),
    )


def _frame(bands: Sequence[tuple[int, str]], right: float) -> list[str]:
    parts = [line(LEFT, TOP, LEFT, TOP + TALL, stroke="c-muted"), line(LEFT, TOP + TALL, right, TOP + TALL)]
    for threshold, title in bands:
        y = TOP + TALL * (1 - threshold / TOP_SCORE)
        parts.append(line(LEFT, y, right, y, dash="2 3"))
        parts.append(text(LEFT - 6, y + 4, str(threshold), anchor="end", size=10, paint="c-muted"))
        parts.append(text(right + 8, y + 4, title, size=10, paint="c-muted"))
    return parts


def _cells(
    moment: datetime.datetime, version: str, scored: float | None, suggested: float | None
) -> tuple[str, ...]:
    totals = ("–" if total is None else f"{total:g}" for total in (scored, suggested))
    return (f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M}", version, *totals)


def _reading(scored: Sequence[tuple[str, float | None]]) -> str:
    if not scored:
        return "No version was scored throughout yet."
    if len(scored) == 1:
        return f"{scored[0][0]} was scored {scored[0][1]:g} of 100."
    return f"From {scored[0][1]:g} of 100 for {scored[0][0]} to {scored[-1][1]:g} for {scored[-1][0]}."
