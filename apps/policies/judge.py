"""The one judge: a rule over facts gives pass, fail, not enough evidence, or missing. Pure, and never crashes.

A rule is a CEL expression, or an estimate held against a threshold with its interval, or a comparison with the
version in production. A fact that is not there never passes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from apps.policies.champions import ChampionRule, judge_champion
from apps.policies.estimates import EstimateRule, interval_at, judge_estimate
from apps.policies.expressions import (
    BadExpression,
    clauses,
    compiled,
    joined,
    lookup,
    readable,
    reading,
    roots_for,
    steps_of,
)
from apps.policies.verdicts import (
    Change,
    CriterionResult,
    GateVerdict,
    Source,
    State,
    Verdict,
    Waived,
    Waiver,
    worst,
)

__all__ = [
    "BadExpression",
    "CriterionResult",
    "GateVerdict",
    "State",
    "Verdict",
    "judge",
    "judge_all",
    "judge_criterion",
    "readable",
    "reading",
]
_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:'[^']*'|\"[^\"]*\")\])*"
_COMPARISON = re.compile(rf"^({_PATH})\s*(==|!=|>=|<=|>|<)\s*(.+)$", re.DOTALL)
_NUMBER = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_TEXT = re.compile(r"""^(?:'([^']*)'|"([^"]*)")$""")
_ASKED = {">": "over ", ">=": "at least ", "<": "under ", "<=": "at most ", "==": "", "!=": "other than "}


class Judged(Protocol):
    """What the judge needs of a rule in CEL."""

    @property
    def expression(self) -> str: ...


class GateCriterion(Judged, Protocol):
    """What a gate's verdict shows of a criterion, and the kinds of rule that are not CEL."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def estimate(self) -> EstimateRule | None: ...
    @property
    def champion(self) -> ChampionRule | None: ...
    @property
    def when(self) -> str: ...


def judge(criterion: Judged, facts: Mapping[str, Any]) -> Verdict:
    """Judge a rule in CEL on ``facts`` (a JSON document); 10 to 30 µs once compiled."""
    found = _holds(criterion.expression, facts)
    if found.state == State.PASS or not found.looked_at:
        return found
    parts = clauses(criterion.expression)
    changes = [change for part in parts for change in _changes(part, facts)]
    return replace(found, changes=tuple(dict.fromkeys(changes)))


def judge_criterion(criterion: GateCriterion, facts: Mapping[str, Any]) -> Verdict:
    """Judge a criterion of any kind; one whose ``when`` is not so does not apply, and passes."""
    asked = _holds(criterion.when, facts) if criterion.when else None
    if asked is not None and asked.state == State.FAIL:
        return replace(asked, state=State.PASS, reason=f"Does not apply. {asked.reason}")
    if asked is not None and asked.state != State.PASS:
        return asked
    if criterion.estimate is not None:
        found = judge_estimate(criterion.estimate, facts)
    elif criterion.champion is not None:
        found = judge_champion(criterion.champion, facts)
    else:
        found = judge(criterion, facts)
    if asked is None:
        return found
    return replace(found, looked_at=_once(asked.looked_at + found.looked_at))


def judge_all(
    criteria: Iterable[GateCriterion],
    facts: Mapping[str, Any],
    waivers: Mapping[str, Waiver] | None = None,
    sources: Iterable[Source] = (),
) -> GateVerdict:
    """Judge every criterion of a gate.

    ``waivers`` (key of a criterion -> waiver) stand in for what does not pass; a waiver is shown and counts as
    passed. ``sources`` say where facts come from.
    """
    given, known = waivers or {}, tuple(sources)
    results = []
    for one in criteria:
        verdict = judge_criterion(one, facts)
        waived = _waived(verdict, given.get(one.key))
        if waived is not None:
            reason = f"Waived until {waived.until}. {verdict.reason}"
            verdict = replace(verdict, state=State.WAIVED, reason=reason)
        results.append(
            CriterionResult(
                *(one.key, one.title, one.severity, one.expression, one.remedy, one.method),
                verdict=verdict,
                waived=waived,
                sources=sources_of(verdict, known),
            )
        )
    states = {result.verdict.state for result in results if result.severity == "block"}
    return GateVerdict(worst(states), tuple(results))


def _once(looked_at: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    """Return each path once; a value may be a list, which no set takes."""
    return tuple(dict(looked_at).items())


def _waived(verdict: Verdict, waiver: Waiver | None) -> Waived | None:
    if waiver is None or verdict.state == State.PASS:
        return None
    until = waiver.until.isoformat() if hasattr(waiver.until, "isoformat") else str(waiver.until)
    return Waived(str(waiver.id), until, verdict.state)


def sources_of(verdict: Verdict, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return where the values that a verdict looked at come from: for each the nearest prefix."""
    found: list[Source] = []
    for path, _ in verdict.looked_at:
        giving = [one for one in sources if one.gives(path)]
        longest = max((len(one.prefix) for one in giving), default=0)
        found += [one for one in giving if len(one.prefix) == longest]
    return tuple(dict.fromkeys(found))


def _holds(expression: str, facts: Mapping[str, Any]) -> Verdict:
    try:
        read = reading(expression)
    except BadExpression as error:
        return Verdict(State.MISSING, (), (), f"The expression cannot be read: {error}")
    looked_at = [(".".join(steps), lookup(facts, steps)) for steps in (*read.needed, *read.guarded)]
    intervals = tuple(
        (".".join(steps), beside)
        for steps in (*read.needed, *read.guarded)
        if (beside := interval_at(facts, steps)) is not None
    )
    missing = [".".join(steps) for steps in read.needed if lookup(facts, steps) is None]
    if missing:
        reason = f"There is no evidence yet for {joined(missing)}."
        return Verdict(State.MISSING, tuple(looked_at), tuple(missing), reason, intervals=intervals)
    return replace(_execute(expression, facts, tuple(looked_at)), intervals=intervals)


def _execute(expression: str, facts: Mapping[str, Any], looked_at: tuple[tuple[str, Any], ...]) -> Verdict:
    try:
        result = compiled(expression).execute(roots_for(expression, facts))
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # A guarded branch that is absent as a whole, or figures of an unexpected type or size.
        return Verdict(
            State.MISSING, looked_at, (), f"The evidence does not fit the rule ({str(error)[:200]})."
        )
    if not isinstance(result, bool):
        return Verdict(
            State.MISSING, looked_at, (), "The rule does not answer yes or no; mend it in the policy."
        )
    values = ", ".join(f"{path} is {readable(value)}" for path, value in looked_at)
    if result:
        return Verdict(State.PASS, looked_at, (), f"Holds: {values}." if values else "Holds.")
    return Verdict(State.FAIL, looked_at, (), f"Does not hold: {values}." if values else "Does not hold.")


def _changes(clause: str, facts: Mapping[str, Any]) -> list[Change]:
    """Return what would have to change for one clause of an expression to hold."""
    found = _holds(clause, facts)
    if found.state == State.PASS:
        return []
    if found.missing:
        return [Change(path, "not there", "evidence") for path in found.missing]
    if found.state == State.FAIL and (compared := _COMPARISON.match(clause)):
        path, relation, right = compared.groups()
        if (needed := _asked(relation, right.strip(), facts)) is not None:
            return [Change(path, readable(lookup(facts, steps_of(path))), needed)]
    negated = clause.removeprefix("!")
    if found.state == State.FAIL and re.fullmatch(_PATH, negated):
        now, needed = ("yes", "no") if negated != clause else ("no", "yes")
        return [Change(negated, now, needed)]
    return [Change(clause, "does not hold", "must hold")]


def _asked(relation: str, right: str, facts: Mapping[str, Any]) -> str | None:
    """Return the right side of a comparison in words: a literal, or the value that stands at a path."""
    if text := _TEXT.match(right):
        return _ASKED[relation] + (text.group(1) or text.group(2) or "empty")
    if _NUMBER.match(right):
        return _ASKED[relation] + right
    if right in ("true", "false"):
        return _ASKED[relation] + ("yes" if right == "true" else "no")
    if re.fullmatch(_PATH, right):
        return _ASKED[relation] + readable(lookup(facts, steps_of(right)))
    return None
