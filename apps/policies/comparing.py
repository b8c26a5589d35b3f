"""What is different between two texts of a policy: in sentences by part, and as lines."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.pack import document_of

#: Lists whose entries have keys, with what an entry is called.
KEYED = {
    "stages": "Stage",
    "gates": "Gate",
    "criteria": "Criterion",
    "checklists": "Checklist",
    "items": "Question",
    "dimensions": "Dimension",
    "checks": "Check",
    "kill_criteria": "Kill criterion",
    "signals": "Signal",
    "levels": "Tier",
    "components": "Component",
}
_NUMBER = re.compile(r"(?P<path>.*?)(?P<relation><=|>=|<|>)\s*(?P<number>-?\d+(?:\.\d+)?)\s*$", re.DOTALL)
#: Fields where a larger number asks for more, or for less.
MORE = frozenset({"above", "at_least", "count", "minimum_requests"})
LESS = frozenset({"below", "at_most", "longest_days", "valid_for_days", "relative_margin", "margin"})


@dataclass(frozen=True)
class Difference:
    """One part that was added, removed or changed; ``direction`` is stricter, looser or empty when figures do not tell."""

    where: str
    kind: str
    before: str = ""
    after: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Comparison:
    """What differs by part, and the unified difference of the texts as (mark, line)."""

    parts: tuple[Difference, ...]
    lines: tuple[tuple[str, str], ...]


def compare(before: str, after: str) -> Comparison:
    """Compare two texts that have no faults; an empty one is a policy that was not there."""
    old = document_of(before) if before else {}
    parts = tuple(_compare(old, document_of(after), ()))
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2)
    marks = {"+": "added", "-": "removed", "@": "place"}
    shown = [(marks.get(line[:1], "same"), line) for line in lines if not line.startswith(("+++", "---"))]
    return Comparison(parts, tuple(shown))


def _compare(old: Any, new: Any, where: tuple[str, ...], field: str = "") -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            if key != "key":
                yield from _compare(old.get(key), new.get(key), _step(where, key, old, new), key)
    elif field in KEYED and _keyed(old) and _keyed(new):
        yield from _compare_lists(old or [], new or [], where, KEYED[field])
    elif old is None or new is None:
        kind, value = ("added", new) if old is None else ("removed", old)
        yield Difference(
            " › ".join(where), kind, "" if old is None else _said(value), _said(new) if old is None else ""
        )
    else:
        yield Difference(" › ".join(where), "changed", _said(old), _said(new), _direction(field, old, new))


def _step(
    where: tuple[str, ...], key: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[str, ...]:
    listed = key in KEYED and _keyed(old.get(key)) and _keyed(new.get(key))
    return where if listed else (*where, key.replace("_", " "))


def _keyed(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(one, Mapping) and "key" in one for one in value)
    )


def _compare_lists(
    old: list[dict[str, Any]], new: list[dict[str, Any]], where: tuple[str, ...], noun: str
) -> Iterator[Difference]:
    before, after = ({one["key"]: one for one in side} for side in (old, new))
    for key in dict.fromkeys((*before, *after)):
        entry = after.get(key) or before[key]
        name = (*where, f"{noun} “{entry.get('title') or entry.get('question') or key}”")
        if key not in before or key not in after:
            direction = ""
            if noun == "Criterion" and entry.get("severity", "block") == "block":
                direction = "stricter" if key in after else "looser"
            kind, value = ("added", after[key]) if key in after else ("removed", before[key])
            sides = ("", _said(value)) if key in after else (_said(value), "")
            yield Difference(" › ".join(name), kind, *sides, direction)
        else:
            yield from _compare(before[key], after[key], name)


def _direction(field: str, old: Any, new: Any) -> str:
    if field == "severity":
        return "stricter" if new == "block" else "looser"
    if _is_number(old) and _is_number(new) and field in MORE | LESS:
        return "stricter" if (new > old) == (field in MORE) else "looser"
    if field == "expression":
        sides = [_NUMBER.match(str(one).strip()) for one in (old, new)]
        if all(sides) and sides[0].group("path", "relation") == sides[1].group("path", "relation"):  # type: ignore[union-attr]
            was, now = (float(one.group("number")) for one in sides if one)
            grows = sides[0].group("relation").startswith(">")  # type: ignore[union-attr]
            return "stricter" if (now > was) == grows else "looser"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        rule = value.get("expression") or value.get("question")
        if rule:
            return str(rule)
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items() if key != "key")[:400]
    if isinstance(value, list):
        return "; ".join(_said(one) for one in value)[:400]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
