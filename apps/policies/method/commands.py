"""The part ``commands`` of a pack: acts of the method that are reachable by name (M13), and how far each is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.criteria import Criterion, criterion_of
from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Command:
    """An act: ``page`` is where it is done, ``starts`` the job it can begin, ``steps`` what must hold for it to be done.

    ``words`` are other names that people search it by; ``subject`` is ``project`` or ``version``; ``guide`` names a guide.
    """

    key: str
    title: str
    about: str
    subject: str
    page: str
    method: str
    words: tuple[str, ...] = ()
    starts: str = ""
    guide: str = ""
    steps: tuple[Criterion, ...] = ()

    def is_called(self, words: str) -> bool:
        """Tell whether somebody who types ``words`` may mean it."""
        names = " ".join((self.key.replace("_", " "), self.title, *self.words)).lower()
        return all(word in names for word in words.lower().split())


@dataclass(frozen=True)
class Commands:
    """The commands of the pack, in the order in which they are shown."""

    every: tuple[Command, ...] = ()

    def called(self, key: str) -> Command | None:
        """Return the command with this key; hyphens stand for underscores."""
        wanted = key.replace("-", "_")
        return next((one for one in self.every if one.key == wanted), None)


def of(entry: list[Mapping[str, Any]]) -> Commands:
    """Build the part from data that was checked before."""
    return Commands(tuple(_command(one) for one in entry))


def _command(entry: Mapping[str, Any]) -> Command:
    steps = [
        criterion_of({"key": f"step_{index}", **one}) for index, one in enumerate(entry.get("steps", []))
    ]
    return Command(**{**entry, "words": tuple(entry.get("words", [])), "steps": tuple(steps)})


def faults(entry: list[Mapping[str, Any]]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the keys that are used twice."""
    seen: set[str] = set()
    for index, one in enumerate(entry):
        if one["key"] in seen:
            yield (index, "key"), f"The key '{one['key']}' is used twice here."
        seen.add(one["key"])
