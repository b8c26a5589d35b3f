"""Judge an estimated figure on its interval: three answers, and how many rows would settle an open one. Pure.

A threshold is passed when the whole interval lies beyond it, and missed when the whole interval lies short of it; an
interval that straddles it shows neither. Where a figure stands for several (``evaluation.fairness.*.…``: every
protected attribute), all must pass; that each is judged at the full level is right, for a claim that all hold is only
as strong as its weakest part (intersection-union test; Berger, Technometrics 24, 1982).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from apps.policies.expressions import Steps, joined, lookup, readable
from apps.policies.verdicts import Change, Estimate, State, Verdict, worst

#: Relation -> (beyond the threshold, upwards): may the ends touch it, and which way passes.
RELATIONS = ("above", "at_least", "below", "at_most")
WORDS = {"above": "over", "at_least": "at least", "below": "under", "at_most": "at most"}
Z = NormalDist().inv_cdf(0.975)
POWER = 0.8
#: From "the end of the interval touches the threshold" (a probability of one half) to a probability of 80 %.
_REACH = 1 + NormalDist().inv_cdf(POWER) / Z
#: More rows than this are not called a sample size.
MOST_ROWS = 10**12
METHOD = (
    "rows at which an interval whose half-width shrinks with 1/√n no longer straddles, "
    "with a probability of 80 % when the figure stays where it is"
)


@dataclass(frozen=True)
class EstimateRule:
    """A branch of facts with value, low, high and n, and the threshold that its interval is held against."""

    figure: str
    relation: str
    threshold: float

    @property
    def expression(self) -> str:
        """The rule as a person reads it, in CEL's terms."""
        passing, failing = _CEL[self.relation]
        limit = f"{self.threshold:g}"
        every = " (each of *)" if "*" in self.figure else ""
        return (
            f"passes if {self.figure}.{passing} {limit}, fails if {self.figure}.{failing} {limit}, "
            f"else not enough evidence{every}"
        )


_CEL = {
    "above": ("low >", "high <="),
    "at_least": ("low >=", "high <"),
    "below": ("high <", "low >="),
    "at_most": ("high <=", "low >"),
}


def judge_estimate(rule: EstimateRule, facts: Mapping[str, Any]) -> Verdict:
    """Judge every figure that the rule names."""
    looked_at: list[tuple[str, Any]] = []
    estimates: list[Estimate] = []
    missing: list[str] = []
    for steps in _places(facts, tuple(rule.figure.split("."))):
        path = ".".join(steps)
        branch = lookup(facts, steps)
        looked_at.append((f"{path}.value", lookup(branch, ("value",))))
        found = held_against(path, branch, rule.relation, rule.threshold)
        if found is None:
            missing.append(path)
        else:
            estimates.append(found)
    if not looked_at:
        return Verdict(State.MISSING, ((rule.figure, None),), (rule.figure,), nothing_for([rule.figure]))
    state = worst({one.state for one in estimates} | ({State.MISSING} if missing else set()))
    changes = [change_of(one) for one in estimates if one.state != State.PASS]
    changes += [Change(path, "no figure with an interval", "evidence") for path in missing]
    sentences = [sentence_of(one) for one in estimates if one.state == state]
    return Verdict(
        state,
        tuple(looked_at),
        tuple(missing),
        nothing_for(missing) if state == State.MISSING else " ".join(sentences),
        tuple(estimates),
        tuple(changes),
        tuple((f"{one.name}.value", {"low": one.low, "high": one.high, "n": one.n}) for one in estimates),
    )


def held_against(name: str, branch: Any, relation: str, threshold: float) -> Estimate | None:
    """Hold a figure with its interval against a threshold; None where there is no finite figure with an interval."""
    ends = [number_in(branch, part) for part in ("value", "low", "high")]
    if any(end is None for end in ends):
        return None
    value, low, high = (end for end in ends if end is not None)
    if low > high:
        return None
    n = number_in(branch, "n")
    state = _state(relation, low, high, threshold)
    needed = needed_rows(value, low, high, n, threshold) if state == State.INCONCLUSIVE else None
    method = METHOD if needed else ""
    return Estimate(name, value, low, high, n, relation, threshold, state, needed, method)


def _state(relation: str, low: float, high: float, threshold: float) -> State:
    passes, fails = {
        "above": (low > threshold, high <= threshold),
        "at_least": (low >= threshold, high < threshold),
        "below": (high < threshold, low >= threshold),
        "at_most": (high <= threshold, low > threshold),
    }[relation]
    return State.PASS if passes else State.FAIL if fails else State.INCONCLUSIVE


def needed_rows(value: float, low: float, high: float, n: float | None, threshold: float) -> int | None:
    """Return how many rows would settle it (METHOD); None where the figure stands on the threshold or n is not known.

    For a proportion with the normal interval this is the sample size of the one-sample z test at 80 % power.
    """
    distance = abs(value - threshold)
    towards = value - low if value > threshold else high - value
    if not n or n <= 0 or distance == 0 or towards <= 0:
        return None
    rows = n * (towards / distance * _REACH) ** 2 if towards / distance < MOST_ROWS else math.inf
    return math.ceil(rows) if rows <= MOST_ROWS else None


def number_in(branch: Any, part: str) -> float | None:
    """Return a finite number of a branch of facts; None where it is none."""
    found = branch.get(part) if isinstance(branch, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        value = float(found)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def interval_at(facts: Mapping[str, Any], steps: Steps) -> Mapping[str, Any] | None:
    """Return low, high and n of a value that a plain expression reads, where the evidence has them beside it."""
    parent = lookup(facts, steps[:-1])
    branch = parent if steps[-1] == "value" else lookup(parent, ("estimates", steps[-1]))
    low, high = number_in(branch, "low"), number_in(branch, "high")
    if low is None or high is None:
        return None
    return {"low": low, "high": high, "n": number_in(branch, "n")}


def sentence_of(one: Estimate) -> str:
    """Say what an estimate shows."""
    asked = f"{WORDS[one.relation]} {one.threshold:g}"
    figure = f"{one.name} is {readable(one.value)} [{readable(one.low)}, {readable(one.high)}]"
    if one.state == State.PASS:
        return f"Holds: {figure}, all of it {asked}."
    if one.state == State.FAIL:
        return f"Does not hold: {figure}, none of it {asked}."
    settle = f" {one.needed_n:,} rows would settle it" if one.needed_n else " More rows may not settle it"
    rows = f", of {one.n:,.0f}" if one.n else ""
    return f"Not enough evidence: {figure}{rows}; asked is {asked}.{settle}."


def change_of(one: Estimate) -> Change:
    """Say what would have to change: more rows where they would settle it, the figure where they would not."""
    asked = f"{WORDS[one.relation]} {one.threshold:g}, interval and all"
    if one.state == State.INCONCLUSIVE and one.needed_n and one.n:
        return Change(one.name, f"n {one.n:,.0f}", f"n {one.needed_n:,}, if the figure stays")
    now = f"{readable(one.value)} [{readable(one.low)}, {readable(one.high)}]"
    return Change(one.name, now, asked)


def nothing_for(names: list[str]) -> str:
    """Say that evidence is missing."""
    return f"There is no evidence yet for {joined(names)}."


def _places(facts: Any, steps: Steps, done: Steps = ()) -> list[Steps]:
    """Return the paths that a figure stands for; ``*`` is every key at its place."""
    if "*" not in steps:
        return [(*done, *steps)]
    at = steps.index("*")
    branch = lookup(facts, steps[:at])
    keys = sorted(str(key) for key in branch) if isinstance(branch, Mapping) else []
    head = (*done, *steps[:at])
    return [place for key in keys for place in _places(branch.get(key), steps[at + 1 :], (*head, key))]
