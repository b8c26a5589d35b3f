"""An export reads the card through a view that remembers what was read: what nobody read is its loss report."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from apps.core.canonical import digest

#: Where a value stands in the document: keys, and places in lists.
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Export:
    """A file made of a card. ``lost`` says what it does not carry; ``lost_paths`` where that stands in the document."""

    content: bytes
    media_type: str
    file_name: str
    lost: tuple[str, ...]
    lost_paths: frozenset[Path] = frozenset()


#: Parts of the document by the keys that lead to them, as a sentence names them.
PARTS: dict[tuple[str, ...], str] = {
    ("card",): "the state of the card",
    ("version",): "the version",
    ("version", "files"): "the files of the version",
    ("version", "run"): "the training run",
    ("version", "run", "parameters"): "the parameters of the training run",
    ("version", "run", "environment"): "the environment of the training run",
    ("version", "previous"): "the previous version",
    ("people",): "the people",
    ("people", "members"): "the members",
    ("fields",): "the fields of the card",
    ("fields", "provenance"): "the origins of the fields",
    ("evaluations",): "the evaluations",
    ("evaluations", "metrics"): "the metrics of evaluations",
    ("evaluations", "slices"): "the slices of evaluations",
    ("evaluations", "slices", "metrics"): "the metrics of slices",
    ("evaluations", "fairness"): "the fairness of evaluations",
    ("evaluations", "fairness", "groups"): "the groups in the fairness of evaluations",
    ("evaluations", "fairness", "differences"): "the differences between groups",
    ("evaluations", "calibration"): "the calibration",
    ("evaluations", "definitions"): "the definitions of metrics",
    ("evaluations", "charts"): "the charts",
    ("bias_audit",): "the bias audit",
    ("bias_audit", "tables"): "the tables of the bias audit",
    ("bias_audit", "tables", "groups"): "the groups of the bias audit",
    ("data", "sources"): "the data sources",
    ("data", "sources", "scores"): "the scores of data sources",
    ("data", "datasets"): "the datasets",
    ("data", "features"): "the features",
    ("brief",): "the brief",
    ("risk",): "the risk",
    ("checks",): "the checks",
    ("checklists",): "the checklists",
    ("checklists", "items"): "the answers of checklists",
    ("rubric",): "the rubric",
    ("rubric", "dimensions"): "the dimensions of the rubric",
    ("costs",): "the costs",
    ("energy",): "the energy",
    ("gates",): "the policy",
    ("gates", "last_verdict"): "the last verdict",
    ("gates", "last_verdict", "criteria"): "the criteria of the last verdict",
    ("gates", "waivers"): "the waivers",
    ("gates", "conditions"): "the conditions",
    ("gates", "obligations"): "the obligations",
    ("signatures",): "the signatures",
    ("exceptions",): "the exceptions",
    ("monitoring",): "the monitoring",
    ("history",): "the history",
    ("standards",): "the coverage of standards",
    ("standards", "items"): "the demands of standards",
    ("schema",): "the number of the card's schema",
}


def words(value: Any) -> str:
    """Return a value as text that loses nothing: numbers in full, yes and no, nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value that says something with its place; null, empty texts and empty lists say nothing."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    elif value is not None and value != "":
        yield path, value


class Part:
    """A part of the document. Reading a value of it is what makes the value carried; ``peek`` only looks."""

    def __init__(self, reading: "Reading", value: Any, path: Path) -> None:
        self._reading, self._value, self.path = reading, value, path

    def __bool__(self) -> bool:
        return bool(self._value)

    def peek(self, key: str) -> Any:
        """Return what stands there without taking it; None where nothing does."""
        return self._value.get(key) if isinstance(self._value, Mapping) else None

    def leaf(self, key: str) -> Any:
        """Take one value."""
        self._reading.take((*self.path, key))
        return self.peek(key)

    def text(self, key: str) -> str:
        """Take one value as text."""
        return words(self.leaf(key))

    def part(self, key: str) -> "Part":
        """Return what stands beneath; an empty part where nothing does."""
        return Part(self._reading, self.peek(key), (*self.path, key))

    def rows(self, key: str) -> list["Part"]:
        """Return the entries of a list of objects."""
        found = self.peek(key) or []
        return [Part(self._reading, one, (*self.path, key, place)) for place, one in enumerate(found)]

    def list(self, key: str) -> list[Any]:
        """Take a list of plain values."""
        found = self.peek(key) or []
        for place in range(len(found)):
            self._reading.take((*self.path, key, place))
        return [*found]

    def take(self, *keys: str | int) -> None:
        """Take a value by its keys, where it was looked at before."""
        self._reading.take((*self.path, *keys))

    def look(self) -> Any:
        """Return all of it without taking it."""
        return self._value

    def everything(self) -> Any:
        """Take all of it."""
        for path, _ in leaves(self._value, self.path):
            self._reading.take(path)
        return self._value

    def give_back(self, key: str, sentence: str) -> None:
        """Say that a value that was taken is not carried as it is, and why."""
        self._reading.shorten((*self.path, key), sentence)


class Reading:
    """One reading of a card document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.root = Part(self, document, ())
        self.digest = digest(document)
        self._taken: set[Path] = set()
        self._shortened: set[Path] = set()
        self._said: dict[str, None] = {}

    def take(self, path: Path) -> None:
        self._taken.add(path)

    def shorten(self, path: Path, sentence: str) -> None:
        """Say that a value is carried in part."""
        self._shortened.add(path)
        self._said[sentence] = None

    def file_name(self, ending: str) -> str:
        """Return the name of the file; it is not counted as carrying what it is made of."""
        version = self.root.part("version")
        slug = (
            re.sub(r"[^a-z0-9-]+", "-", str(version.peek("model_slug") or "").lower()).strip("-") or "model"
        )
        return f"{slug}-v{version.peek('number') or 0}-{ending}"

    def export(self, content: bytes, media_type: str, ending: str) -> Export:
        """Close the reading: what was not taken is lost."""
        places = [path for path, _ in leaves(self.document)]
        unread = [path for path in places if path not in self._taken]
        sentences = (*self._said, *self._sentences(unread, places))
        lost = frozenset(unread) | self._shortened
        return Export(content, media_type, self.file_name(ending), sentences, lost)

    def _sentences(self, unread: list[Path], places: list[Path]) -> Iterator[str]:
        whole = Counter(map(part_of, places))
        missed: dict[tuple[str, ...], list[Path]] = {}
        for path in unread:
            missed.setdefault(part_of(path), []).append(path)
        for part, paths in missed.items():
            title, count = PARTS.get(part, " ".join(part).replace("_", " ")), _values(len(paths))
            if len(paths) == whole[part]:
                yield f"{title.capitalize()} {_is_or_are(title)} not carried at all ({count})."
            else:
                names = ", ".join(dict.fromkeys(self._name(path, part) for path in paths))
                yield f"Of {title} there is not carried: {names} ({count})."

    def _name(self, path: Path, part: tuple[str, ...]) -> str:
        """Name a value in a sentence: a field of the card by its title, all else by its key."""
        if part == ("fields",) and path[-1] in {"text", "value"}:
            field = self.document["fields"][path[1]]
            return f"“{field.get('title') or field.get('key')}”"
        keys = [str(one) for one in path if isinstance(one, str)][len(part) :]
        return " ".join(keys).replace("_", " ")


def part_of(path: Path) -> tuple[str, ...]:
    """Return the part that a value belongs to: the longest of those that are named, else its first key."""
    return _named(tuple(one for one in path if isinstance(one, str)))


@lru_cache(maxsize=1024)
def _named(keys: tuple[str, ...]) -> tuple[str, ...]:
    lengths = range(len(keys), 0, -1)
    return next((keys[:length] for length in lengths if keys[:length] in PARTS), keys[:1])


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _is_or_are(title: str) -> str:
    head = title.split(" of ")[0].split(" in ")[0].split(" between ")[0]
    return "are" if head.endswith(("s", "people")) and not head.endswith("ss") else "is"
