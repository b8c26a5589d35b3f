"""Money: by month with its budget and forecast, and by what it was spent on."""

import datetime
from collections.abc import Sequence

from apps.core.charts.drawing import Chart, drawing, line, path, rect, shorten, text

WIDTH = 640
MOST_MONTHS = 12
_LEFT, _BASE, _TOP = 60, 170, 20


def cost_bars(
    months: Sequence[tuple[datetime.date, float]],
    *,
    currency: str,
    budget: float | None,
    forecast: tuple[float, float, float] | None,
) -> Chart:
    """Draw the cost of each month, the budget as a line, and the last month's forecast (value, low, high).

    The forecast is a dashed line over a band from its lower to its upper bound.
    """
    shown = list(months)[-MOST_MONTHS:]
    bounds = [amount for _, amount in shown] + [budget or 0, *(forecast or ())]
    scale = (_BASE - _TOP) / max(*bounds, 1e-9)
    step = (WIDTH - _LEFT - 20) / max(len(shown), 1)
    wide = min(step * 0.6, 60)
    parts = [line(_LEFT, _BASE, WIDTH - 10, _BASE, stroke="c-muted")]
    for index, (month, amount) in enumerate(shown):
        x = _LEFT + step * index + (step - wide) / 2
        middle = x + wide / 2
        if forecast is not None and index == len(shown) - 1:
            parts += _ahead(x, wide, forecast, scale)
        parts.append(rect(x, _BASE - scale * amount, wide, scale * amount, paint="c-accent"))
        parts.append(text(middle, _BASE + 15, f"{month:%b %Y}", anchor="middle", size=10, paint="c-muted"))
        parts.append(text(middle, _BASE + 29, f"{amount:,.0f}", anchor="middle", size=11))
    if budget is not None:
        y = _BASE - scale * budget
        parts.append(line(_LEFT, y, WIDTH - 10, y, stroke="c-bad", width=1.5, dash="5 3"))
        parts.append(text(_LEFT - 6, y + 4, f"{budget:,.0f}", anchor="end", size=10, paint="c-bad"))
        parts.append(text(_LEFT + 4, y - 5, "budget", size=10, paint="c-bad"))
    reading = _reading(shown, currency, budget, forecast)
    return Chart(
        drawing(parts, width=WIDTH, height=210, title=f"Cost by month. {reading}"),
        "Cost by month",
        reading,
        ("Month", f"Amount ({currency})"),
        (*((f"{month:%Y-%m}", f"{amount:,.2f}") for month, amount in shown), *_table(shown, forecast)),
    )


def _ahead(x: float, wide: float, forecast: tuple[float, float, float], scale: float) -> list[str]:
    value, low, high = (_BASE - scale * bound for bound in forecast)
    outline = [(x, _BASE), (x, value), (x + wide, value), (x + wide, _BASE)]
    label = text(x + wide / 2, high - 5, f"forecast {forecast[0]:,.0f}", anchor="middle", size=10)
    return [
        rect(x - 5, high, wide + 10, low - high, paint="c-accent-soft"),
        path(outline, stroke="c-ink", width=1.5, dash="4 3"),
        label,
    ]


def _reading(
    shown: Sequence[tuple[datetime.date, float]],
    currency: str,
    budget: float | None,
    forecast: tuple[float, float, float] | None,
) -> str:
    if not shown:
        return "Nothing was spent yet."
    said = [f"{shown[-1][0]:%B %Y}: {shown[-1][1]:,.2f} {currency}"]
    if forecast is not None:
        said.append("forecast {:,.2f}, from {:,.2f} to {:,.2f}".format(*forecast))
    if budget is not None:
        said.append(f"budget {budget:,.2f}")
    return f"{', '.join(said)}."


def _table(
    shown: Sequence[tuple[datetime.date, float]], forecast: tuple[float, float, float] | None
) -> list[tuple[str, str]]:
    if forecast is None or not shown:
        return []
    return [(f"{shown[-1][0]:%Y-%m}, forecast", "{:,.2f} ({:,.2f} to {:,.2f})".format(*forecast))]


def amount_bars(rows: Sequence[tuple[str, float]], *, title: str, column: str, currency: str) -> Chart:
    """Draw amounts by what they were spent on, in the order given; a negative sum has a number and no bar."""
    left, row_height = 190, 28
    span = WIDTH - left - 110
    highest = max([amount for _, amount in rows] + [1e-9])
    parts = []
    for index, (label, amount) in enumerate(rows):
        y = 8 + row_height * index
        tall = span * max(amount, 0) / highest
        parts.append(text(left - 12, y + 13, shorten(label), anchor="end"))
        parts.append(rect(left, y + 2, tall, 15, paint="c-accent"))
        parts.append(text(left + tall + 8, y + 14, f"{amount:,.2f}", size=11))
    most = max(rows, key=lambda row: row[1])
    reading = f"Most is {most[0]}: {most[1]:,.2f} {currency}."
    return Chart(
        drawing(parts, width=WIDTH, height=16 + row_height * len(rows), title=f"{title}. {reading}"),
        title,
        reading,
        (column, f"Amount ({currency})"),
        tuple((label, f"{amount:,.2f}") for label, amount in rows),
    )
