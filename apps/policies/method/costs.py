"""The part ``costs`` of a pack: how a month is forecast, when owners are told, what levers save, what a GPU costs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.policies.vocabulary import Fact

Faults = Iterator[tuple[tuple[str | int, ...], str]]
OWN_FACTS: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class ForecastRule:
    """``level`` is the coverage of the interval; ``window_days`` of daily totals are looked at, at least ``minimum_days``."""

    level: float
    window_days: int
    minimum_days: int


@dataclass(frozen=True)
class Lever:
    """A way to make inference cheaper.

    ``low`` and ``high`` are the share of the cost it touches that is saved, 0 to 1; ``share`` is the percentage of the
    cost of ``applies`` (kinds of cost) that it touches where nobody says otherwise, and ``share_label`` asks for it.
    ``excludes`` names its alternatives by key.
    """

    key: str
    title: str
    method: str
    applies: tuple[str, ...]
    low: float
    high: float
    stated: str
    quality: str
    share: float
    share_label: str
    note: str
    excludes: tuple[str, ...]


@dataclass(frozen=True)
class Gpu:
    """What a task of a size needs; ``price_per_hour`` is in ``currency``."""

    key: str
    task: str
    size: str
    gpu: str
    memory_gb: int
    price_per_hour: float
    currency: str
    method: str


@dataclass(frozen=True)
class Costs:
    """What the pack says of costs. ``alerts`` are percentages of the monthly budget, rising."""

    forecast: ForecastRule | None = None
    alerts: tuple[int, ...] = ()
    levers: tuple[Lever, ...] = ()
    gpus: tuple[Gpu, ...] = field(default=())


def of(entry: Mapping[str, Any]) -> Costs:
    """Build the part from data that was checked before."""
    forecast = entry.get("forecast")
    return Costs(
        forecast=ForecastRule(forecast["level"], forecast["window_days"], forecast["minimum_days"])
        if forecast
        else None,
        alerts=tuple(entry.get("alerts", {}).get("percent", ())),
        levers=tuple(_lever(one) for one in entry.get("levers", ())),
        gpus=tuple(
            Gpu(
                one["key"],
                one["task"],
                one["size"],
                one["gpu"],
                one["memory_gb"],
                one["price_per_hour"],
                one["currency"],
                one["method"],
            )
            for one in entry.get("gpus", ())
        ),
    )


def _lever(one: Mapping[str, Any]) -> Lever:
    low, high = _saving(one)
    return Lever(
        key=one["key"],
        title=one["title"],
        method=one["method"],
        applies=tuple(one["applies"]),
        low=low,
        high=high,
        stated=one["stated"],
        quality=one["quality"],
        share=one.get("share", 100),
        share_label=one.get("share_label", "Share of the cost that it touches, in %"),
        note=one.get("note", ""),
        excludes=tuple(one.get("excludes", ())),
    )


def _saving(one: Mapping[str, Any]) -> tuple[float, float]:
    """Return the saved share; what runs f times as fast, or is f times as small, saves 1 - 1/f."""
    if "saving" in one:
        return one["saving"]["low"], one["saving"]["high"]
    return 1 - 1 / one["factor"]["low"], 1 - 1 / one["factor"]["high"]


def faults(entry: Mapping[str, Any]) -> Faults:
    """Yield path and sentence of what the schema cannot say."""
    yield from _twice(entry)
    yield from _lever_faults(entry.get("levers", ()))
    percent = entry.get("alerts", {}).get("percent", [])
    if percent != sorted(set(percent)):
        yield ("alerts", "percent"), "The percentages must rise, each named once."
    forecast = entry.get("forecast")
    if forecast and forecast["minimum_days"] > forecast["window_days"]:
        yield (
            ("forecast", "minimum_days"),
            "It asks for more days than the window has; make the window longer.",
        )


def _twice(entry: Mapping[str, Any]) -> Faults:
    for part in ("levers", "gpus"):
        counts = Counter(one["key"] for one in entry.get(part, ()))
        for index, one in enumerate(entry.get(part, ())):
            if counts[one["key"]] > 1:
                yield (part, index, "key"), f"The key “{one['key']}” is used twice here; choose another."


def _lever_faults(levers: Sequence[Mapping[str, Any]]) -> Faults:
    known = {one["key"] for one in levers}
    for index, one in enumerate(levers):
        bounds = one.get("saving") or one["factor"]
        if bounds["low"] > bounds["high"]:
            yield ("levers", index), f"The lower bound of “{one['key']}” is above the upper one; swap them."
        for other in one.get("excludes", ()):
            if other not in known:
                yield ("levers", index, "excludes"), f"There is no lever “{other}”; name one of this list."
