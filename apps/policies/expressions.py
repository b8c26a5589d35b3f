"""Read CEL: which facts an expression looks at, and into which clauses it falls. Pure.

CEL (Common Expression Language, cel.dev) short-circuits: ``absent.fact || true`` is true. A fact that is not there
must never pass a gate, so the paths that an expression reads are looked up first; only those that it guards itself
with ``has(...)`` may be absent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cel

_TOKEN = re.compile(
    r"""(?P<string>r?'(?:\\.|[^'\\])*'|r?"(?:\\.|[^"\\])*")
      |(?P<path>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*|\s*\[\s*(?:'[^']*'|"[^"]*")\s*\])*)
      |(?P<other>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|.)""",
    re.VERBOSE | re.DOTALL,
)
_STEP = re.compile(r"""\[\s*(?:'([^']*)'|"([^"]*)")\s*\]|\.?\s*([A-Za-z_]\w*)""")
_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_LITERALS = frozenset({"true", "false", "null", "in"})

Steps = tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """The paths that an expression reads: those it needs, those it guards with ``has``, and the branches that hold them."""

    needed: tuple[Steps, ...]
    guarded: tuple[Steps, ...]
    branches: tuple[Steps, ...] = ()


class BadExpression(ValueError):
    """The text is not CEL; the message says where."""


@lru_cache(maxsize=4096)
def compiled(expression: str) -> cel.Program:
    """Compile once; raises BadExpression."""
    try:
        return cel.compile(expression)
    except ValueError as error:
        raise BadExpression(str(error).split("\n")[0]) from None


@lru_cache(maxsize=4096)
def reading(expression: str) -> Reading:
    """Return the fact paths that ``expression`` reads (names bound by macros are not facts)."""
    compiled(expression)
    tokens = [
        (match.lastgroup, match.group()) for match in _TOKEN.finditer(expression) if match.group().strip()
    ]
    needed: list[Steps] = []
    guarded: set[Steps] = set()
    bound: set[str] = set()
    for index, (kind, text) in enumerate(tokens):
        if kind != "path" or (index and tokens[index - 1][1] == "."):
            continue
        steps = steps_of(text)
        called = index + 1 < len(tokens) and tokens[index + 1][1] == "("
        if called and steps[-1] in _MACROS and len(steps) > 1:
            bound.add(tokens[index + 2][1])
            steps = steps[:-1]
        elif called and len(steps) > 1:
            steps = steps[:-1]
        elif called or (len(steps) == 1 and steps[0] in _LITERALS):
            continue
        if index > 1 and tokens[index - 1][1] == "(" and tokens[index - 2][1] == "has":
            guarded.add(steps)
        elif steps[0] not in bound:
            needed.append(steps)
    needed = [steps for steps in dict.fromkeys(needed) if not any(steps[: len(g)] == g for g in guarded)]
    paths = (*needed, *sorted(guarded))
    branches = [one for one in paths if not any(one[: len(up)] == up for up in paths if len(up) < len(one))]
    return Reading(tuple(needed), tuple(sorted(guarded)), tuple(dict.fromkeys(branches)))


def roots_for(expression: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that an expression needs to run: the branches that it reads and no more.

    CEL copies what it is given, and evidence is large. A variable that is read in no path (the name of a macro's
    variable as well) is given whole.
    """
    read = {steps[0] for steps in reading(expression).branches}
    roots: dict[str, Any] = {name: {} for name in compiled(expression).variables()}
    roots |= {name: facts.get(name, {}) for name in roots if name not in read}
    for steps in reading(expression).branches:
        _graft(roots, facts, steps)
    return roots


def _graft(onto: dict[str, Any], facts: Any, steps: Steps) -> None:
    for step in steps[:-1]:
        if not isinstance(facts, Mapping) or step not in facts:
            return
        facts = facts[step]
        if not isinstance(facts, Mapping):
            onto[step] = facts
            return
        onto = onto.setdefault(step, {})
    if isinstance(facts, Mapping) and steps[-1] in facts:
        onto[steps[-1]] = facts[steps[-1]]


@lru_cache(maxsize=4096)
def clauses(expression: str) -> tuple[str, ...]:
    """Return the parts that must all hold: split at ``&&`` outside brackets; one part where ``||`` or ``?`` stands there."""
    parts, depth, begin = [], 0, 0
    tokens = [(match.start(), match.group()) for match in _TOKEN.finditer(expression)]
    for index, (place, text) in enumerate(tokens):
        depth += (text in "([{") - (text in ")]}")
        twin = index + 1 < len(tokens) and tokens[index + 1] == (place + 1, text)
        if depth == 0 and (text == "?" or (text == "|" and twin)):
            return (expression.strip(),)
        if depth == 0 and text == "&" and twin:
            parts.append(expression[begin:place].strip())
            begin = place + 2
    return (*parts, expression[begin:].strip())


def steps_of(text: str) -> Steps:
    """Return the steps of a path: ``a.b['c']`` is a, b, c."""
    return tuple(next(part for part in match.groups() if part is not None) for match in _STEP.finditer(text))


def lookup(facts: Any, steps: Steps) -> Any:
    """Return the value at a path, or None where the path ends before."""
    value: Any = facts
    for step in steps:
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def readable(value: Any) -> str:
    """Return a value as a person reads it: four significant digits, yes and no, short lists."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(readable(entry) for entry in value[:8]) or "empty"
    if isinstance(value, dict):
        return f"{len(value)} entries"
    return "not there" if value is None else str(value)


def joined(names: list[str]) -> str:
    """Return names as a sentence lists them."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
