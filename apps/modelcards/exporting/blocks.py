"""The card as a sequence of plain blocks, which Markdown, HTML and Hugging Face write each in its own way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.modelcards.exporting.reading import Part, words


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Prose:
    """A person's Markdown."""

    text: str


@dataclass(frozen=True)
class Table:
    """Plain texts; the first column names the row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Prose | Table
#: A key of the document, and what a reader calls it.
Column = tuple[str, str]


def table(caption: str, rows: Iterable[Part], columns: Sequence[Column]) -> list[Block]:
    """Return a table of entries, without columns that are empty everywhere; nothing where there are no entries."""
    found = [[_cell(row, key) for key, _ in columns] for row in rows]
    kept = [place for place in range(len(columns)) if any(row[place] for row in found)]
    if not found or not kept:
        return []
    head = tuple(columns[place][1] for place in kept)
    return [Table(caption, head, tuple(tuple(row[place] for place in kept) for row in found))]


def facts(caption: str, part: Part, columns: Sequence[Column]) -> list[Block]:
    """Return a table of two columns with what is known of a part."""
    known = [(label, value) for key, label in columns if (value := _cell(part, key))]
    return [Table(caption, ("What", "Value"), tuple(known))] if known else []


def section(level: int, title: str, *parts: list[Block]) -> list[Block]:
    """Put a heading over blocks; nothing where there are none."""
    inside = [block for part in parts for block in part]
    return [Heading(level, title), *inside] if inside else []


def _cell(part: Part, key: str) -> str:
    """Return a value, or a list of plain values, as one text."""
    if isinstance(part.peek(key), list):
        return ", ".join(words(one) for one in part.list(key))
    return part.text(key)
