"""The rules of a pack: a criterion as data, and what may be wrong with it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.champions import HEADLINE, ChampionRule, Margin, SliceRule
from apps.policies.conditions import OWN_NAMES
from apps.policies.estimates import RELATIONS, EstimateRule
from apps.policies.expressions import BadExpression, reading
from apps.policies.vocabulary import Vocabulary

Path = tuple[str | int, ...]
KINDS = ("expression", "estimate", "champion")
MARGINS = ("margin", "relative_margin")
#: What a rollback rule compares with: the version before, or the canary of this one.
PREVIOUS = "previous"
#: Where rules watch a version that runs; everywhere else they judge what a signature is bound to.
_WATCHING = ("rollback", "conditions", "findings")


@dataclass(frozen=True)
class Criterion:
    """A rule: CEL, or an estimate or comparison, whose ``expression`` then is the rule as a person reads it.

    ``severity`` block or warn; ``remedy`` says what to do when it does not hold; where ``when`` (CEL) does not hold,
    the criterion does not apply.
    """

    key: str
    title: str
    expression: str
    remedy: str = ""
    severity: str = "block"
    method: str = ""
    estimate: EstimateRule | None = None
    champion: ChampionRule | None = None
    when: str = ""


def criterion_of(entry: Mapping[str, Any]) -> Criterion:
    """Build a criterion from data that was checked before."""
    estimate = _estimate(entry["estimate"]) if "estimate" in entry else None
    champion = _champion(entry["champion"]) if "champion" in entry else None
    rule = estimate or champion
    plain = {name: value for name, value in entry.items() if name not in KINDS}
    expression = rule.expression if rule else entry["expression"]
    return Criterion(**plain, expression=expression, estimate=estimate, champion=champion)


def _estimate(entry: Mapping[str, Any]) -> EstimateRule:
    relation = next(name for name in RELATIONS if name in entry)
    return EstimateRule(entry["figure"], relation, float(entry[relation]))


def _champion(entry: Mapping[str, Any]) -> ChampionRule:
    slices = entry.get("slices")
    rule = None
    if slices is not None:
        plain = {name: value for name, value in slices.items() if name not in MARGINS}
        rule = SliceRule(_margin(slices), **plain)
    return ChampionRule(_margin(entry), entry.get("metric", HEADLINE), rule)


def _margin(entry: Mapping[str, Any]) -> Margin:
    if "margin" in entry:
        return Margin(float(entry["margin"]))
    return Margin(float(entry["relative_margin"]), relative=True)


def criterion_faults(data: Mapping[str, Any], vocabulary: Vocabulary | None) -> Iterator[tuple[Path, str]]:
    """Yield what the schema cannot say of criteria: the path of each fault, and a sentence."""
    for number, gate in enumerate(data["gates"]):
        for index, entry in enumerate(gate["criteria"]):
            path: Path = ("gates", number, "criteria", index)
            yield from _one_of(entry, KINDS, path)
            if "estimate" in entry:
                yield from _estimate_faults(entry["estimate"], (*path, "estimate"), vocabulary)
            if "champion" in entry:
                yield from _one_of(entry["champion"], MARGINS, (*path, "champion"))
            if "slices" in entry.get("champion", {}):
                yield from _one_of(entry["champion"]["slices"], MARGINS, (*path, "champion", "slices"))


def _one_of(entry: Mapping[str, Any], names: tuple[str, ...], path: Path) -> Iterator[tuple[Path, str]]:
    given = [name for name in names if name in entry]
    if not given:
        yield path, f"Here one of {', '.join(names)} is needed. Write one."
    for name in given[1:]:
        yield (*path, name), f"'{name}' stands beside '{given[0]}'. Write one of {', '.join(names)}."


def _estimate_faults(
    entry: Mapping[str, Any], path: Path, vocabulary: Vocabulary | None
) -> Iterator[tuple[Path, str]]:
    yield from _one_of(entry, RELATIONS, path)
    figure = entry["figure"]
    if vocabulary is None or all(vocabulary.has_leaf(f"{figure}.{end}") for end in ("value", "low", "high")):
        return
    near = vocabulary.nearest(f"{figure}.low")
    hint = f" Did you mean {near.removesuffix('.low')}?" if near and near.endswith(".low") else ""
    yield (*path, "figure"), f"No evidence called '{figure}' has value, low and high.{hint}"


def expression_faults(
    data: Any, vocabulary: Vocabulary | None, own_facts: Callable[[str], Vocabulary]
) -> Iterator[tuple[Path, str]]:
    """Yield the expressions that cannot be read, and the facts in them that nobody gives.

    ``own_facts`` tells what only the expressions under a key of the pack may read besides.
    """
    for path, text in _expressions(data):
        try:
            read = reading(text)
        except BadExpression as error:
            yield path, f"This is not an expression: {error}"
            continue
        for steps in (*read.needed, *read.guarded):
            fact = ".".join(_as_fact(path, steps))
            if path[0] == "conditions" and fact in OWN_NAMES:
                continue
            if own_facts(str(path[0])).knows(fact):
                continue
            if vocabulary is not None and not vocabulary.knows(fact):
                near = vocabulary.nearest(fact)
                hint = f" Did you mean {near}?" if near else ""
                yield path, f"No evidence is called '{fact}'.{hint}"
            elif vocabulary is not None and path[0] not in _WATCHING and vocabulary.is_live(fact):
                yield (
                    path,
                    f"'{fact}' changes by itself while the version runs, so no signature can be bound to it. "
                    "Ask for it in a rollback rule or a condition.",
                )


def _as_fact(place: tuple[str | int, ...], steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return the fact that an expression at ``place`` reads, without the names that only this place knows."""
    if place[:1] == ("rollback",) and steps[0] == PREVIOUS:
        return steps[1:]
    return steps


def _expressions(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expression", "when") and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _expressions(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _expressions(value, (*path, index))
