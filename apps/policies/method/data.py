"""The part ``data`` of a pack: how sources are scored, features named, leaks found, and what to make of a column (M2)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = (
    Fact("column.kind", "text", "", "number, text or time."),
    Fact("column.rows", "integer", "rows", "Rows of the sample."),
    Fact("column.missing", "number", "share", "Share of values that are missing."),
    Fact("column.distinct", "integer", "values", "Different values."),
    Fact("column.skew", "number", "", "Skewness of the numbers; 0 for what holds none."),
    Fact("column.minimum", "number", "", "The smallest number; 0 for what holds none."),
    Fact("column.words", "number", "words", "Words of a text on average; 0 for numbers."),
    Fact("column.identifier", "boolean", "", "Every row has a value of its own."),
)


@dataclass(frozen=True)
class Dimension:
    """One of the six dimensions of a source; ``levels`` says what 0 to 5 mean."""

    key: str
    title: str
    levels: tuple[str, ...]
    remedy: str


@dataclass(frozen=True)
class Sources:
    """How a data source is scored: at least ``minimum`` of 30. ``proposals`` are the steps by which a profile scores."""

    method: str
    minimum: int
    dimensions: tuple[Dimension, ...]
    proposals: Mapping[str, Any]


@dataclass(frozen=True)
class NamePart:
    """One part of a feature's name, as a regular expression and in words."""

    key: str
    pattern: str
    about: str


@dataclass(frozen=True)
class Features:
    """How features are named and described; an online feature should be there within ``online_latency_ms`` (p99)."""

    method: str
    example: str
    form: str
    parts: tuple[NamePart, ...]
    data_types: tuple[str, ...]
    online_latency_ms: float

    def name_fault(self, name: str) -> str:
        """Return what is wrong with a name as a sentence, or nothing: the middle words are the feature."""
        words = name.split("_")
        ends = f"Names have the form {self.form}, for example {self.example}."
        if len(words) < 4:
            return f"“{name[:80]}” has {len(words)} of the 4 parts of a name. {ends}"
        given = dict(
            zip(
                ("entity", "feature", "window", "aggregation"),
                (words[0], "_".join(words[1:-2]), words[-2], words[-1]),
                strict=True,
            )
        )
        for part in self.parts:
            if not re.fullmatch(part.pattern, given[part.key]):
                return f"The {part.key} “{given[part.key][:40]}” in “{name[:80]}” is not {part.about}. {ends}"
        return ""


@dataclass(frozen=True)
class Leakage:
    """When a single feature is suspected (AUC or balanced accuracy), and what to do about each finding."""

    method: str
    single_feature: float
    remedies: Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """A way to make a feature; ``when`` is CEL over the facts of a column, empty where nothing suggests it by itself."""

    key: str
    title: str
    kind: str
    advice: str
    when: str = ""
    method: str = ""

    @property
    def expression(self) -> str:
        """What the judge is asked."""
        return self.when


@dataclass(frozen=True)
class Data:
    """What the pack says of data; a pack without the part asks for nothing."""

    sources: Sources | None = None
    features: Features | None = None
    leakage: Leakage | None = None
    catalogue: tuple[Pattern, ...] = field(default=())


def of(entry: Mapping[str, Any]) -> Data:
    """Build the part from data that was checked before."""
    sources, features, leakage = entry["sources"], entry["features"], entry["leakage"]
    return Data(
        sources=Sources(
            sources.get("method", ""),
            sources["minimum"],
            tuple(
                Dimension(one["key"], one["title"], tuple(one["levels"]), one["remedy"])
                for one in sources["dimensions"]
            ),
            sources["proposals"],
        ),
        features=Features(
            features.get("method", ""),
            features["example"],
            features["form"],
            tuple(NamePart(**part) for part in features["parts"]),
            tuple(features["data_types"]),
            features["online_latency_ms"],
        ),
        leakage=Leakage(leakage.get("method", ""), leakage["single_feature"], leakage["remedies"]),
        catalogue=tuple(Pattern(**pattern) for pattern in entry["catalogue"]),
    )


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say."""
    yield from _twice(entry, ("sources", "dimensions"))
    yield from _twice(entry, ("features", "parts"))
    yield from _twice(entry, ("catalogue",))
    fine = True
    for index, part in enumerate(entry["features"]["parts"]):
        try:
            re.compile(part["pattern"])
        except re.error as error:
            fine = False
            yield ("features", "parts", index, "pattern"), f"This is not a regular expression ({error})."
    if fine and len({part["key"] for part in entry["features"]["parts"]}) == 4:
        fault = of(entry).features.name_fault(entry["features"]["example"])  # type: ignore[union-attr]
        if fault:
            yield ("features", "example"), f"The example does not fit its own form: {fault}"


def _twice(entry: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    rows: Any = entry
    for step in path:
        rows = rows[step]
    seen: set[str] = set()
    for index, row in enumerate(rows):
        if row["key"] in seen:
            yield (*path, index, "key"), f"“{row['key']}” stands here twice. Give each a key of its own."
        seen.add(row["key"])
