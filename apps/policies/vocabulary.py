"""The written vocabulary of evidence: which facts there are, so that a criterion cannot ask for one nobody gives."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One fact of a version. ``<name>`` in ``path`` stands for a free key, such as a metric or an attribute.

    A ``live`` fact changes by itself while the version runs. It is no part of the evidence that signatures are bound to.
    """

    path: str
    type: str
    unit: str
    meaning: str
    live: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """All facts there are."""

    facts: tuple[Fact, ...]

    def knows(self, path: str) -> bool:
        """Tell whether ``path`` is a fact, or a branch that holds facts."""
        return any(_matches(fact.path, path) for fact in self.facts)

    def is_live(self, path: str) -> bool:
        """Tell whether ``path`` is a fact, or a branch of facts, that changes by itself."""
        return any(fact.live and _matches(fact.path, path) for fact in self.facts)

    def has_leaf(self, path: str) -> bool:
        """Tell whether ``path`` is a fact itself."""
        return any(_matches(fact.path, path, whole=True) for fact in self.facts)

    def fact_of(self, path: str) -> Fact | None:
        """Return the fact at ``path``, or that of the nearest branch above it."""
        steps = path.split(".")
        for count in range(len(steps), 0, -1):
            here = ".".join(steps[:count])
            found = next((fact for fact in self.facts if _matches(fact.path, here, whole=True)), None)
            if found is not None:
                return found
        return None

    def nearest(self, path: str) -> str | None:
        """Return the fact whose path is most like ``path``, for "did you mean"."""
        found = difflib.get_close_matches(path, [fact.path for fact in self.facts], n=1, cutoff=0.6)
        return found[0] if found else None


def vocabulary_of(lists: Iterable[Iterable[Fact]]) -> Vocabulary:
    """Join the lists of several apps; raises ValueError when two of them claim one path."""
    facts = [fact for part in lists for fact in part]
    seen: set[str] = set()
    for fact in facts:
        if fact.path in seen:
            raise ValueError(f"The fact {fact.path} is listed twice.")
        seen.add(fact.path)
    return Vocabulary(tuple(sorted(facts, key=lambda fact: fact.path)))


def _matches(pattern: str, path: str, *, whole: bool = False) -> bool:
    wanted, given = pattern.split("."), path.split(".")
    if len(given) > len(wanted) or (whole and len(given) != len(wanted)):
        return False
    return all(want.startswith("<") or want == got for want, got in zip(wanted, given, strict=False))
