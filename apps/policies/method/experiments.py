"""The part ``experiments`` of a pack: usual ranges of hyperparameters by family of models (M3.3). Pure."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = ()
#: A shorter name of a family must be a whole word: "mlp" is one in MLPClassifier, and "nn" would be found in "knn".
_PART_OF_A_WORD = 5
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True)
class Range:
    """The usual values of a hyperparameter, both ends among them; ``below`` and ``above`` say what to expect outside."""

    param: str
    low: float
    high: float
    aliases: tuple[str, ...] = ()
    below: str = ""
    above: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.param, *self.aliases)


@dataclass(frozen=True)
class Family:
    """A family of models, the words by which a model type names it, and its ranges."""

    key: str
    title: str
    model_types: tuple[str, ...]
    ranges: tuple[Range, ...]
    method: str = ""


@dataclass(frozen=True)
class Hint:
    """A hyperparameter outside its usual range. It tells, and forbids nothing."""

    param: str
    value: float
    low: float
    high: float
    family: str
    sentence: str
    method: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Experiments:
    """What the pack says of experiments."""

    families: tuple[Family, ...] = ()

    def family_of(self, model_type: str) -> Family | None:
        """Return the family that a model type such as ``XGBClassifier`` belongs to; the longest name that fits wins."""
        words = [word.lower() for word in _WORDS.findall(model_type)]
        whole = "".join(words)
        fitting = [
            (len(name), family)
            for family in self.families
            for name in family.model_types
            if name in words or (len(name) >= _PART_OF_A_WORD and name in whole)
        ]
        return max(fitting, key=lambda pair: pair[0])[1] if fitting else None

    def hints(self, model_type: str, params: Mapping[str, Any]) -> tuple[Hint, ...]:
        """Return a hint for each number among ``params`` outside the range of its family, in the pack's order.

        Names are compared without case and without the prefix of a pipeline's step (``model__max_depth``). What is no
        number, or has no range, gets no hint.
        """
        family = self.family_of(model_type)
        if family is None:
            return ()
        given = {_plain(name): (name, _number(value)) for name, value in params.items()}
        found = []
        for one in family.ranges:
            for known in one.names:
                name, value = given.get(_plain(known), ("", None))
                if value is not None and not one.low <= value <= one.high:
                    found.append(_hint(family, one, name, value))
        return tuple(found)


def _hint(family: Family, one: Range, name: str, value: float) -> Hint:
    expect = one.below if value < one.low else one.above
    sentence = f"{name} is {value:g}; {one.low:g} to {one.high:g} is usual for {family.title}."
    told = f"{sentence} {expect}" if expect else sentence
    return Hint(name, value, one.low, one.high, family.title, told, family.method)


def _plain(name: str) -> str:
    """Return a name as names are compared: ``clf__Learning-Rate`` is ``learningrate``."""
    return re.sub(r"[^a-z0-9]", "", name.rsplit("__", 1)[-1].lower())


def _number(value: Any) -> float | None:
    """Return a finite number, also one that was logged as text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def of(entry: Mapping[str, Any]) -> Experiments:
    """Build the part from data that was checked before."""
    return Experiments(
        tuple(
            Family(
                family["key"],
                family["title"],
                tuple(family["model_types"]),
                tuple(Range(**{**one, "aliases": tuple(one.get("aliases", ()))}) for one in family["ranges"]),
                family.get("method", ""),
            )
            for family in entry.get("model_families", ())
        )
    )


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say: ranges that hold nothing, names that stand twice."""
    taken: dict[str, str] = {}
    for number, family in enumerate(entry.get("model_families", ())):
        path = ("model_families", number)
        for name in family["model_types"]:
            if name in taken:
                yield (
                    (*path, "model_types"),
                    f"'{name}' names the family '{taken[name]}' already. Name it once.",
                )
            taken.setdefault(name, family["key"])
        seen: set[str] = set()
        for index, one in enumerate(family["ranges"]):
            here = (*path, "ranges", index)
            if one["low"] > one["high"]:
                yield here, f"The range of '{one['param']}' is empty: {one['low']} is over {one['high']}."
            for name in (one["param"], *one.get("aliases", ())):
                if _plain(name) in seen:
                    yield here, f"'{name}' has a range in this family already. Keep one of them."
                seen.add(_plain(name))
