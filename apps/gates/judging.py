"""Ask a gate: what would the policy say about a version on the evidence of now. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.charts import Chart
from apps.core.errors import Invalid
from apps.evidence.services import Evidence, collect, sources
from apps.gates.models import Promotion
from apps.gates.showing import HOLDS, PLACES, estimates_chart, ordered, to_change
from apps.gates.waivers import waivers_at
from apps.policies.judge import CriterionResult, GateVerdict, State, judge_all
from apps.policies.models import Revision
from apps.policies.pack import Gate, Pack, Quorum, TransitionRule
from apps.policies.queries import pack_of
from apps.policies.quorums import signatures_on
from apps.policies.verdicts import Source, Waiver
from apps.registry.models import Version


@dataclass(frozen=True)
class GateView:
    """A gate as it stands for one version and target stage."""

    version: Version
    to_stage: str
    rule: TransitionRule
    gate: Gate
    verdict: GateVerdict
    evidence: Evidence
    revision: Revision

    @property
    def state(self) -> State:
        return self.verdict.state

    @property
    def approvals(self) -> tuple[Quorum, ...]:
        """The signatures that the gate asks for on this evidence."""
        return signatures_on(self.gate, self.evidence.document)

    def count(self, state: State) -> int:
        """Return how many criteria are in a state."""
        return sum(1 for result in self.verdict.results if result.verdict.state == state)

    @property
    def failing(self) -> list[CriterionResult]:
        """The blocking criteria that do not hold, failures first, missing evidence last."""
        results = [
            one for one in self.verdict.results if one.severity == "block" and one.verdict.state not in HOLDS
        ]
        return sorted(results, key=lambda one: PLACES[one.verdict.state])

    @property
    def ordered(self) -> list[dict[str, Any]]:
        """Return the criteria as JSON: what blocks and fails first, what passes last."""
        return ordered([result.to_json() for result in self.verdict.results])

    @property
    def passing(self) -> int:
        """How many criteria hold by themselves."""
        return self.count(State.PASS)

    @property
    def waived(self) -> int:
        """How many criteria hold by a waiver alone."""
        return self.count(State.WAIVED)

    @property
    def held(self) -> int:
        """How many criteria hold, by themselves or by a waiver."""
        return self.passing + self.waived

    @property
    def to_change(self) -> list[dict[str, Any]]:
        """Return what would have to change for the gate to open."""
        return to_change(self.ordered)

    @property
    def chart(self) -> Chart | None:
        """Return the estimates against their thresholds."""
        return estimates_chart(self.ordered)


def rule_for(version: Version, to_stage: str) -> TransitionRule:
    """Return the policy's rule for this move; raises Invalid naming the stages that can be reached."""
    pack = pack_of(version.model.project.policy_revision)
    known = {stage.key for stage in pack.stages}
    reachable = ", ".join(rule.to_stage for rule in pack.moves_from(version.stage)) or "none"
    if to_stage not in known:
        raise Invalid(
            f"There is no stage “{to_stage[:40]}”. Stages are {', '.join(stage.key for stage in pack.stages)}; "
            f"from {version.stage} these can be reached: {reachable}.",
            code="unknown_stage",
        )
    rule = pack.transition(version.stage, to_stage)
    if rule is None or rule.kind == "replace" or not rule.gate:
        raise Invalid(
            f"The policy has no way from {version.stage} to {to_stage}. From {version.stage} these can be reached: {reachable}.",
            code="no_transition",
        )
    return rule


def review_rule(version: Version) -> TransitionRule:
    """Return the rule of a re-review: the gate by which a version enters the stage it is in; raises Invalid."""
    gate = way_in(pack_of(version.model.project.policy_revision), version.stage)
    if gate is None:
        raise Invalid(
            f"The policy has no gate into {version.stage}, so there is nothing to review again.",
            code="no_transition",
        )
    return TransitionRule(version.stage, version.stage, "review", gate.key)


def way_in(pack: Pack, stage: str) -> Gate | None:
    """Return the gate of the promotion into a stage, or None."""
    keys = (rule.gate for rule in pack.transitions if rule.to_stage == stage and rule.kind == "promote")
    return next((pack.gate(key) for key in keys if key), None)


def gate_of(promotion: Promotion) -> Gate | None:
    """Return the gate that judged a request, of the policy revision that it is bound to."""
    pack = pack_of(promotion.policy_revision)
    if promotion.is_review:
        return way_in(pack, promotion.to_stage)
    rule = pack.transition(promotion.from_stage, promotion.to_stage)
    return pack.gate(rule.gate) if rule else None


def gate_view(version: Version, to_stage: str, evidence: Evidence | None = None) -> GateView:
    """Judge the gate of a move on the evidence of now, or on the one given, with the waivers that hold.

    For the stage that the version is in, it is the gate by which it came there: would it enter again?
    """
    rule = review_rule(version) if to_stage == version.stage else rule_for(version, to_stage)
    known = evidence or collect(version)
    waivers = waivers_at(version, rule.gate, digest=known.digest)
    return judged(version, rule, known, sources(version), waivers=waivers)


def judged(
    version: Version,
    rule: TransitionRule,
    evidence: Evidence,
    known: list[Source],
    *,
    waivers: Mapping[str, Waiver] | None = None,
) -> GateView:
    """Judge the gate of one rule of the project's policy; ``waivers`` by key of criterion."""
    revision = version.model.project.policy_revision
    gate = pack_of(revision).gate(rule.gate)
    assert gate is not None, "a published pack names only gates that it has"
    verdict = judge_all(gate.criteria, evidence.document, waivers, known)
    return GateView(version, rule.to_stage, rule, gate, verdict, evidence, revision)


def next_gates(version: Version, evidence: Evidence | None = None) -> list[GateView]:
    """Return the gates of all promotions that the policy offers from the version's stage."""
    known = evidence or collect(version)
    pack = pack_of(version.model.project.policy_revision)
    rules = [rule for rule in pack.moves_from(version.stage) if rule.kind == "promote"]
    pages = sources(version) if rules else []
    return [
        judged(version, rule, known, pages, waivers=waivers_at(version, rule.gate, digest=known.digest))
        for rule in rules
    ]
