"""Ask what a gate would say under another revision of a policy. Writes nothing, not even a snapshot."""

from dataclasses import dataclass
from typing import Any

from apps.core.errors import Invalid
from apps.evidence.services import collect, sources
from apps.gates.judging import GateView, judged
from apps.policies.models import Revision
from apps.policies.pack import TransitionRule
from apps.policies.queries import pack_of
from apps.registry.models import Version


@dataclass(frozen=True)
class DryRun:
    """A gate under another revision, the same under the one in force (None where that has no such move), and what differs."""

    view: GateView
    in_force: GateView | None
    differences: tuple[dict[str, Any], ...]


def dry_run(version: Version, to_stage: str, revision: Revision) -> DryRun:
    """Judge the gate to ``to_stage`` as if the project followed ``revision``, wherever the version stands now.

    Checklists and rubric are read as that revision has them. Raises Invalid when it has no gate to the stage.
    """
    view = _view_under(version, to_stage, revision)
    try:
        in_force = _view_under(version, to_stage, version.model.project.policy_revision)
    except Invalid:
        in_force = None
    return DryRun(view, in_force, tuple(differences(in_force, view)))


def _view_under(version: Version, to_stage: str, revision: Revision) -> GateView:
    rule = gate_rule(version.stage, to_stage, revision)
    # A copy of the row that is never saved: the facts of checklists and rubric depend on the project's revision.
    copy = Version.objects.select_related("model__project", "run").get(pk=version.pk)
    copy.model.project.policy_revision = revision
    return judged(copy, rule, collect(copy), sources(copy))


def gate_rule(from_stage: str, to_stage: str, revision: Revision) -> TransitionRule:
    """Return the move from the stage, or else the promotion by which the target is reached; raises Invalid."""
    pack = pack_of(revision)
    into = [rule for rule in pack.transitions if rule.to_stage == to_stage and rule.gate]
    own = [rule for rule in into if rule.from_stage == from_stage]
    promotions = [rule for rule in into if rule.kind == "promote"]
    rule = next(iter(own + promotions), None)
    if rule is None:
        gated = ", ".join(dict.fromkeys(rule.to_stage for rule in pack.transitions if rule.gate))
        raise Invalid(
            f"{revision} has no gate to “{to_stage[:40]}”. It has gates to: {gated}.", code="no_gate"
        )
    return rule


def differences(before: GateView | None, after: GateView) -> list[dict[str, Any]]:
    """Return the criteria that one of the two has alone, or whose rule, severity or answer differs."""
    old = {one.key: one for one in before.verdict.results} if before else {}
    new = {one.key: one for one in after.verdict.results}
    found = []
    for key in (*new, *(key for key in old if key not in new)):
        sides = [
            None
            if one is None
            else {"state": str(one.verdict.state), "severity": one.severity, "expression": one.expression}
            for one in (old.get(key), new.get(key))
        ]
        if sides[0] != sides[1]:
            title = (new.get(key) or old[key]).title
            found.append({"key": key, "title": title, "in_force": sides[0], "asked": sides[1]})
    return found
