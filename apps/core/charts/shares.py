"""Shares as small bars, one row each."""

from collections.abc import Sequence

from apps.core.charts.drawing import Chart, drawing, rect, shorten, text

WIDTH = 560
ROW = 26


def share_bars(
    rows: Sequence[tuple[str, float, str]], *, title: str, reading: str, columns: tuple[str, str]
) -> Chart:
    """Draw a bar for each (label, share of 0 to 1, words printed beside it)."""
    left, span = 170, 260
    parts = []
    for index, (label, share, words) in enumerate(rows):
        y = 8 + ROW * index
        parts.append(text(left - 12, y + 13, shorten(label, 22), anchor="end"))
        parts.append(rect(left, y + 3, span, 12, paint="c-soft"))
        parts.append(rect(left, y + 3, span * min(max(share, 0.0), 1.0), 12, paint="c-accent"))
        parts.append(text(left + span + 12, y + 13, words))
    svg = drawing(parts, width=WIDTH, height=16 + ROW * max(len(rows), 1), title=f"{title}. {reading}")
    return Chart(svg, title, reading, columns, tuple((label, words) for label, _, words in rows))
