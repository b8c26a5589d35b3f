"""How long things wait: the median and the 90th percentile, one row each."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.charts.drawing import Chart, drawing, line, rect, shorten, text

WIDTH = 640
DAY_HOURS = 24


@dataclass(frozen=True)
class Wait:
    """Hours from asking to deciding in one group of ``n``."""

    label: str
    p50_hours: float
    p90_hours: float
    n: int


def duration(hours: float) -> str:
    """Return hours as people say them: minutes under one hour, days over two."""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 2 * DAY_HOURS else f"{hours / DAY_HOURS:.1f} d"


def wait_bars(waits: Sequence[Wait]) -> Chart:
    """Draw each group's median as a bar and its 90th percentile as a line with a cap."""
    left, right, row_height = 130, 430, 34
    longest = max([wait.p90_hours for wait in waits] + [1e-9])
    span = right - left
    parts = []
    for index, wait in enumerate(waits):
        y = 10 + row_height * index
        middle, far = left + span * wait.p50_hours / longest, left + span * wait.p90_hours / longest
        parts.append(text(left - 12, y + 14, shorten(wait.label, 18), anchor="end"))
        parts.append(rect(left, y + 2, max(middle - left, 1), 16, paint="c-accent"))
        parts.append(line(middle, y + 10, far, y + 10, stroke="c-ink", width=1.5))
        parts.append(line(far, y + 4, far, y + 16, stroke="c-ink", width=1.5))
        parts.append(
            text(
                right + 14, y + 14, f"{duration(wait.p50_hours)}, p90 {duration(wait.p90_hours)}, n {wait.n}"
            )
        )
    slowest = max(waits, key=lambda wait: wait.p50_hours)
    reading = f"Half of the requests for {slowest.label} were decided within {duration(slowest.p50_hours)}."
    return Chart(
        drawing(
            parts, width=WIDTH, height=20 + row_height * len(waits), title=f"Time to decision. {reading}"
        ),
        "Time from request to decision",
        reading,
        ("Stage", "Decided", "Median", "90th percentile"),
        tuple((one.label, f"{one.n:,}", duration(one.p50_hours), duration(one.p90_hours)) for one in waits),
    )
