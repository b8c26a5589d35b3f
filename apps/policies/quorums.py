"""Which signatures a gate asks for on given evidence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.judge import judge
from apps.policies.pack import Gate, Quorum
from apps.policies.verdicts import State


@dataclass(frozen=True)
class _When:
    expression: str


def signatures_on(gate: Gate, facts: Mapping[str, Any]) -> tuple[Quorum, ...]:
    """Return the signatures that a gate asks for on ``facts``, the largest count of each role.

    One whose ``when`` does not hold is left out. Where a fact is missing it is asked for: what is not known makes
    no gate easier.
    """
    counts: dict[str, int] = {}
    for quorum in gate.approvals:
        if quorum.when and judge(_When(quorum.when), facts).state == State.FAIL:
            continue
        counts[quorum.role] = max(quorum.count, counts.get(quorum.role, 0))
    return tuple(Quorum(role, count) for role, count in counts.items())
