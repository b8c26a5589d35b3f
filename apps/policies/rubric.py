"""The rubric of a policy pack: dimensions, signals, bands."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Signal:
    """``points`` towards a dimension's level when ``expression`` holds; ``lift`` says how to make it hold."""

    expression: str
    points: int
    lift: str


@dataclass(frozen=True)
class Dimension:
    key: str
    title: str
    weight: int
    low: str
    middle: str
    high: str
    method: str = ""
    signals: tuple[Signal, ...] = ()

    def described(self, level: int) -> str:
        """Return what a level of 0 to 5 looks like."""
        return self.low if level <= 2 else self.middle if level <= 4 else self.high


@dataclass(frozen=True)
class Band:
    threshold: int
    title: str


@dataclass(frozen=True)
class Blind:
    """So many reviewers score unseen by each other; with ``when`` (CEL) only where it is not shown to be otherwise."""

    scorers: int
    when: str = ""


@dataclass(frozen=True)
class Rubric:
    title: str
    dimensions: tuple[Dimension, ...]
    bands: tuple[Band, ...]
    blind: Blind | None = None

    def dimension(self, key: str) -> Dimension | None:
        """Return the dimension with this key, or None."""
        return next((one for one in self.dimensions if one.key == key), None)

    def band_of(self, total: float) -> str:
        """Return the name of the band that a total of 0–100 falls in."""
        return next((band.title for band in self.bands if total >= band.threshold), self.bands[-1].title)


def rubric_of(entry: dict[str, Any]) -> Rubric:
    """Build the rubric from data that was checked before."""
    dimensions = tuple(
        Dimension(
            **{name: value for name, value in one.items() if name not in {"levels", "signals"}},
            **one["levels"],
            signals=tuple(Signal(**signal) for signal in one.get("signals", [])),
        )
        for one in entry["dimensions"]
    )
    bands = sorted(
        (Band(one["from"], one["title"]) for one in entry["bands"]), key=lambda band: -band.threshold
    )
    blind = Blind(**entry["blind"]) if "blind" in entry else None
    return Rubric(entry["title"], dimensions, tuple(bands), blind)
