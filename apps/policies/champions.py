"""Judge a version against the one in production: not inferior, and no slice worse beyond chance. Pure.

The evidence gives the gain over the champion with its 95 % interval (above 0 is better, whichever way the metric
runs). Non-inferiority: the whole interval lies above minus the margin. Slices are many, so one of them is called worse
only after correction: for each, the two-sided p that its gain is short of minus the margin (normal approximation from
the half of the interval that faces the margin), adjusted by Benjamini and Hochberg (J. R. Stat. Soc. B 57, 1995) or
Holm (Scand. J. Stat. 6, 1979). A slice with too few rows to tell is reported and does not block unless the policy says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

from apps.policies.estimates import Z, change_of, held_against, nothing_for, number_in, sentence_of
from apps.policies.expressions import lookup
from apps.policies.verdicts import Change, Estimate, State, Verdict, worst

HEADLINE = "headline"
BRANCH = "champion.comparison"
#: So many slices are told one by one; the sentence counts them all.
TOLD = 20


@dataclass(frozen=True)
class Margin:
    """How much worse still counts as not inferior: on the metric's scale, or as a share of the champion's value."""

    size: float
    relative: bool = False

    def at(self, champion: float | None) -> float | None:
        """Return the margin on the metric's scale; None where it is a share of a value that is not known."""
        if not self.relative:
            return self.size
        return None if champion is None else self.size * abs(champion)

    def __str__(self) -> str:
        return f"{self.size:.2%} of the champion's value" if self.relative else f"{self.size:g}"


@dataclass(frozen=True)
class SliceRule:
    """How slices are judged; ``unsettled`` says whether one with too few rows to tell blocks."""

    margin: Margin
    control: str = "benjamini_hochberg"
    alpha: float = 0.05
    unsettled: str = "allow"


@dataclass(frozen=True)
class ChampionRule:
    """Non-inferiority in one metric (``headline``: the one that matters by the task), and what is asked of slices."""

    margin: Margin
    metric: str = HEADLINE
    slices: SliceRule | None = None

    @property
    def expression(self) -> str:
        """The rule as a person reads it."""
        gain = f"{BRANCH}.gains.{self.metric}"
        text = (
            f"passes if !champion.exists or {gain}.low >= -margin, fails if {gain}.high < -margin, "
            f"else not enough evidence; the margin is {self.margin}"
        )
        if self.slices is None:
            return text
        told = "blocks" if self.slices.unsettled == "block" else "does not block"
        return (
            f"{text}. Slices: fails if a gain is short of minus {self.slices.margin} with "
            f"q < {self.slices.alpha:g} ({self.slices.control.replace('_', ' ')}); "
            f"one with too few rows {told}"
        )


def judge_champion(rule: ChampionRule, facts: Mapping[str, Any]) -> Verdict:
    """Judge the comparison with the version in production; without one there is nothing to be worse than."""
    exists = lookup(facts, ("champion", "exists"))
    looked_at: list[tuple[str, Any]] = [("champion.exists", exists)]
    if exists is False:
        return Verdict(State.PASS, tuple(looked_at), (), "No version is in production to compare with.")
    metric = lookup(facts, ("evaluation", "headline", "metric")) if rule.metric == HEADLINE else rule.metric
    path = f"{BRANCH}.gains.{metric or rule.metric}"
    branch = lookup(facts, ("champion", "comparison", "gains", str(metric)))
    looked_at.append((f"{path}.value", lookup(branch, ("value",))))
    margin = rule.margin.at(number_in(branch, "champion"))
    overall = None if margin is None else held_against(path, branch, "at_least", -margin)
    if exists is not True or overall is None:
        return Verdict(
            State.MISSING,
            tuple(looked_at),
            (path,),
            f"{nothing_for([path])} Evaluate the version again, so that it is compared with the one in production.",
            changes=(Change(path, "not compared", "evidence"),),
        )
    slices = _judge_slices(rule.slices, facts) if rule.slices else []
    state = worst({overall.state, *_counting(rule.slices, slices)})
    bad = [one for one in slices if one.state == State.FAIL]
    open_ones = [one for one in slices if one.state == State.INCONCLUSIVE]
    reason = " ".join([sentence_of(overall), *_told(rule.slices, slices, bad, open_ones, facts)])
    blocking = [one for one in (overall, *bad) if one.state != State.PASS]
    if rule.slices and rule.slices.unsettled == "block":
        blocking += open_ones[:TOLD]
    return Verdict(
        state,
        tuple(looked_at),
        (),
        reason,
        (overall, *(bad + open_ones)[:TOLD]),
        tuple(change_of(one) for one in blocking),
        ((f"{path}.value", {"low": overall.low, "high": overall.high, "n": overall.n}),),
    )


def _counting(rule: SliceRule | None, slices: list[Estimate]) -> set[State]:
    counting = {one.state for one in slices}
    if rule is not None and rule.unsettled != "block":
        counting.discard(State.INCONCLUSIVE)
    return counting


def _told(
    rule: SliceRule | None,
    slices: list[Estimate],
    bad: list[Estimate],
    open_ones: list[Estimate],
    facts: Mapping[str, Any],
) -> list[str]:
    """Return what is said of the comparison beside its figure."""
    found = []
    if lookup(facts, ("champion", "comparison", "paired")) is False:
        found.append("The rows of both are not the same, so the interval is wider than of pairs.")
    if rule is None:
        return found
    if not slices:
        return [*found, "No slice was compared."]
    named = ", ".join(one.name for one in bad[:3])
    found.append(
        f"{len(bad)} of {len(slices)} slices are worse beyond chance: {named}."
        if bad
        else f"None of {len(slices)} slices is worse beyond chance."
    )
    if open_ones:
        found.append(f"{len(open_ones)} have too few rows to tell.")
    return found


def _judge_slices(rule: SliceRule, facts: Mapping[str, Any]) -> list[Estimate]:
    rows = lookup(facts, ("champion", "comparison", "slices"))
    judged: list[tuple[Estimate, float]] = []
    for row in rows if isinstance(rows, list) else []:
        margin = rule.margin.at(number_in(row, "champion"))
        name = f"{lookup(row, ('column',))} {lookup(row, ('value',))} {lookup(row, ('metric',))}"
        one = None if margin is None else held_against(name, lookup(row, ("gain",)), "at_least", -margin)
        if one is not None:
            judged.append((one, p_short(one.value, one.high, one.threshold)))
    levels = ADJUSTED[rule.control]([p for _, p in judged])
    return [
        replace(one, q=q, state=_slice_state(one, q, rule.alpha))
        for (one, _), q in zip(judged, levels, strict=True)
    ]


def _slice_state(one: Estimate, q: float, alpha: float) -> State:
    """Worse only after correction; short of it by its own interval alone is not enough evidence."""
    if q < alpha and one.high < one.threshold:
        return State.FAIL
    return State.PASS if one.state == State.PASS else State.INCONCLUSIVE


def p_short(value: float, high: float, threshold: float) -> float:
    """Return the two-sided p that a gain is short of ``threshold``, from the half of its 95 % interval that faces it."""
    spread = (high - value) / Z
    if value >= threshold:
        return 1.0
    return 2 * NormalDist().cdf((value - threshold) / spread) if spread > 0 else 0.0


def benjamini_hochberg(ps: list[float]) -> list[float]:
    """Return the q of each p: the false discovery rate at which it would be told."""
    order = sorted(range(len(ps)), key=lambda index: ps[index], reverse=True)
    found, least = [1.0] * len(ps), 1.0
    for above, index in enumerate(order):
        least = min(least, ps[index] * len(ps) / (len(ps) - above))
        found[index] = least
    return found


def holm(ps: list[float]) -> list[float]:
    """Return each p adjusted for the family-wise error rate."""
    found, most = [1.0] * len(ps), 0.0
    for before, index in enumerate(sorted(range(len(ps)), key=lambda index: ps[index])):
        most = max(most, min(1.0, ps[index] * (len(ps) - before)))
        found[index] = most
    return found


ADJUSTED = {"benjamini_hochberg": benjamini_hochberg, "holm": holm}
