"""Whether another policy is stricter with an open request than the one that it is bound to (guarantee 5)."""

from dataclasses import dataclass
from typing import Any

from apps.evidence.services import Evidence, collect
from apps.gates.benefits import gate_under
from apps.gates.judging import gate_of
from apps.gates.models import Promotion
from apps.gates.waivers import rests_on
from apps.policies.judge import State, judge_all
from apps.policies.models import Revision
from apps.policies.pack import Gate, Quorum
from apps.policies.queries import pack_of
from apps.policies.quorums import signatures_on
from apps.registry.models import Version


@dataclass(frozen=True)
class Consequence:
    """An open request, and each way in which the other policy asks more of it; without any it stays as it is."""

    promotion: Promotion
    reasons: tuple[str, ...]

    @property
    def is_stricter(self) -> bool:
        return bool(self.reasons)


def evidence_under(version: Version, revision: Revision) -> Evidence:
    """Return the evidence of now as a revision reads it: facts of checklists and rubric depend on the policy."""
    if version.model.project.policy_revision_id == revision.pk:
        return collect(version)
    # A copy of the row that is never saved.
    copy = Version.objects.select_related("model__project", "run").get(pk=version.pk)
    copy.model.project.policy_revision = revision
    return collect(copy)


def consequence(promotion: Promotion, revision: Revision) -> Consequence:
    """Judge an open request under another revision; reads only."""
    after = gate_under(pack_of(revision), promotion)
    if after is None:
        return Consequence(promotion, (f"{revision} does not allow this move.",))
    facts = evidence_under(promotion.version, revision).document
    before = gate_of(promotion)
    had = signatures_on(before, promotion.snapshot.document) if before and not before.automatic else ()
    needs = () if after.automatic else signatures_on(after, facts)
    reasons = [*_verdict(promotion, after, facts), *_signatures(had, needs)]
    if after.second_factor and not (before and before.second_factor):
        reasons.append("Signatures need a second factor.")
    return Consequence(promotion, tuple(reasons))


def _verdict(promotion: Promotion, after: Gate, facts: dict[str, Any]) -> list[str]:
    # A waiver is bound to the policy that it was granted under; what rests on one is asked for again.
    reasons = ["A waiver that it rests on was granted under the old policy."] if rests_on(promotion) else []
    found = judge_all(after.criteria, facts)
    reasons += [
        f"{one.title}: {one.verdict.reason}"
        for one in found.results
        if one.severity == "block" and one.verdict.state != State.PASS
    ]
    return reasons


def _signatures(had: tuple[Quorum, ...], needs: tuple[Quorum, ...]) -> list[str]:
    counts = {one.role: one.count for one in had}
    return [
        f"It needs {one.count} × {one.role}, and needed {counts.get(one.role, 0)}."
        for one in needs
        if one.count > counts.get(one.role, 0)
    ]
