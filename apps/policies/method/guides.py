"""The part ``guides`` of a pack: what the method advises, read as a whole or entry by entry where it helps. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.policies.judge import State, judge
from apps.policies.vocabulary import Fact

#: What a page knows of the work in hand besides evidence: entries are chosen by it.
OWN_FACTS: tuple[Fact, ...] = (
    Fact("experiment.data_kind", "text", "", "What a row of the data is: tabular, text, image or series."),
    Fact("experiment.runs", "integer", "runs", "How many runs the experiment has."),
    Fact("experiment.rows", "integer", "rows", "Rows of the newest training dataset of the project."),
)
#: A page shows so many entries of all guides together: advice, not a wall of text.
MOST_SHOWN = 2


@dataclass(frozen=True)
class Cell:
    """What an entry says under one column of its guide."""

    title: str
    text: str


@dataclass(frozen=True)
class Entry:
    """One piece of advice; ``when`` (CEL) says for which work it is shown, and without it only the guides page has it."""

    key: str
    title: str
    cells: tuple[Cell, ...] = ()
    advice: str = ""
    when: str = ""

    @property
    def expression(self) -> str:
        """The rule, as the judge reads it."""
        return self.when

    @property
    def text(self) -> str:
        """Everything that the entry says, for searching."""
        return " ".join((self.title, self.advice, *(f"{cell.title} {cell.text}" for cell in self.cells)))


@dataclass(frozen=True)
class Guide:
    """A guide: where it is shown (``shows_on``) and its entries, the first that fits first."""

    key: str
    title: str
    entries: tuple[Entry, ...]
    method: str = ""
    about: str = ""
    shows_on: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The titles of the columns, in the order in which entries use them."""
        return tuple(dict.fromkeys(cell.title for entry in self.entries for cell in entry.cells))


@dataclass(frozen=True)
class Advice:
    """An entry that fits the work in hand, and the guide that it is from."""

    guide: Guide
    entry: Entry


@dataclass(frozen=True)
class Guides:
    """What the pack says of guides."""

    guides: tuple[Guide, ...] = ()

    def fitting(self, place: str, facts: Mapping[str, Any]) -> tuple[Advice, ...]:
        """Return the first entry that fits ``facts`` of each guide shown at ``place``; two at the most.

        An entry whose facts are not there does not fit.
        """
        found = []
        for guide in self.guides:
            if place not in guide.shows_on:
                continue
            fits = (one for one in guide.entries if one.when and judge(one, facts).state == State.PASS)
            if (entry := next(fits, None)) is not None:
                found.append(Advice(guide, entry))
        return tuple(found[:MOST_SHOWN])


def found_in(guides: Sequence[Guide], words: str) -> tuple[Guide, ...]:
    """Return the guides whose title has all ``words``, and of the others the entries that do; all without words."""
    asked = words.lower().split()
    found = []
    for guide in guides:
        head = f"{guide.title} {guide.method}".lower()
        kept = tuple(one for one in guide.entries if _has(f"{head} {one.text}".lower(), asked))
        if _has(head, asked):
            found.append(guide)
        elif kept:
            found.append(replace(guide, entries=kept))
    return tuple(found)


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text for word in words)


def catalogue_guide(catalogue: Sequence[Any]) -> Guide | None:
    """Return the feature catalogue (M2.2) of the part ``data`` as a guide, by kind of column; None for an empty one.

    An entry has ``key``, ``title``, ``kind``, ``advice`` and ``method``.
    """
    if not catalogue:
        return None
    entries = tuple(
        Entry(
            one.key,
            one.title,
            cells=(
                Cell("Kind of column", str(one.kind).replace("_", " ")),
                Cell("When to use it", one.advice),
            ),
        )
        for one in catalogue
    )
    return Guide(
        "features",
        "Build features",
        entries,
        method=catalogue[0].method,
        about="Patterns by kind of column. Try the plain ones first.",
    )


def of(entry: Sequence[Mapping[str, Any]]) -> Guides:
    """Build the part from data that was checked before."""
    return Guides(tuple(_guide(one) for one in entry))


def _guide(entry: Mapping[str, Any]) -> Guide:
    columns = {column["key"]: column["title"] for column in entry.get("columns", ())}
    entries = tuple(
        Entry(
            one["key"],
            one["title"],
            cells=tuple(Cell(title, one["cells"].get(key, "")) for key, title in columns.items())
            if "cells" in one
            else (),
            advice=one.get("advice", ""),
            when=one.get("when", ""),
        )
        for one in entry["entries"]
    )
    return Guide(
        entry["key"],
        entry["title"],
        entries,
        method=entry.get("method", ""),
        about=entry.get("about", ""),
        shows_on=tuple(entry.get("shows_on", ())),
    )


def faults(entry: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say: keys that stand twice, cells of no column."""
    yield from _twice(entry, ())
    for number, guide in enumerate(entry):
        yield from _twice(guide["entries"], (number, "entries"))
        columns = [column["key"] for column in guide.get("columns", ())]
        for index, one in enumerate(guide["entries"]):
            for key in sorted(set(one.get("cells", ())) - set(columns)):
                yield (
                    (number, "entries", index, "cells", key),
                    f"The guide '{guide['key']}' has no column '{key}'. Its columns are {', '.join(columns)}.",
                )


def _twice(
    entries: Sequence[Mapping[str, Any]], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    seen: set[str] = set()
    for index, one in enumerate(entries):
        if one["key"] in seen:
            yield (*path, index, "key"), f"The key '{one['key']}' stands here twice. Rename one of them."
        seen.add(one["key"])
