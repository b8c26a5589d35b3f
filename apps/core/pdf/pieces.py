"""What documents of every kind have on their first pages. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.charts.drawing import interval

#: So many figures stand on the first pages, so many rows of a table in the pages; the attached data holds all.
KEY_FIGURES = 3
MOST_ROWS = 60
#: State of a gate or a criterion -> the colour of its box, which says in words what the colour says.
TONES = {
    "pass": "good",
    "waived": "warn",
    "fail": "bad",
    "missing": "warn",
    "inconclusive": "warn",
    "unknown": "warn",
}


@dataclass(frozen=True)
class Box:
    """A verdict in words; ``tone`` is what its colour says again."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class KeyFigure:
    """A figure of the first pages: the value large, its interval and rows beneath."""

    title: str
    value: str
    beneath: str


def key_figures(metrics: Iterable[Mapping[str, Any]], headline: Iterable[str]) -> list[KeyFigure]:
    """Return the metric that counts, then the first ones that have an interval."""
    known, leading = [one for one in metrics if one["value"] is not None], set(headline)
    first = [one for one in known if one["key"] in leading]
    rest = [one for one in known if one["key"] not in leading and one["low"] is not None]
    return [_figure(one) for one in (first + rest)[:KEY_FIGURES]]


def _figure(one: Mapping[str, Any]) -> KeyFigure:
    said = []
    if one["low"] is not None:
        ends = interval(one["value"], one["low"], one["high"]).partition(" ")[2]
        said.append(f"{one['level']:.0%} interval {ends}")
    if one["n"] is not None:
        said.append(f"{one['n']:,} rows")
    return KeyFigure(one["title"], interval(one["value"], None, None), ", ".join(said))


def chapters(named: Iterable[tuple[str, str, Any]]) -> list[tuple[str, str]]:
    """Return id and title of each chapter that there is something to read in, from (id, title, what is in it)."""
    return [(key, title) for key, title, there in named if there]


def table_limits() -> dict[str, Any]:
    """Return how many rows the templates show, as they slice: ``rows|slice:first``."""
    return {"most": MOST_ROWS, "first": f":{MOST_ROWS}", "last": f"-{MOST_ROWS}:"}
