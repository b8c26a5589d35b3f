"""What a report of a gate tells, in whatever format: pure data, made from the view of a gate."""

import re
from dataclasses import dataclass
from typing import Self

from apps.gates.judging import GateView
from apps.gates.showing import HOLDS, PLACES
from apps.policies.judge import CriterionResult, State
from apps.policies.pack import Quorum

#: A state after the title of what is in it.
WORDS = {
    State.PASS: "pass",
    State.FAIL: "fail",
    State.INCONCLUSIVE: "not enough evidence",
    State.MISSING: "evidence missing",
    State.WAIVED: "waived",
}


#: Control characters but tab and new line, what turns the order of reading or is not seen at all, and what UTF-8 or
#: XML 1.0 cannot carry (section 2.2).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


@dataclass(frozen=True)
class Report:
    """A gate as it stands for one version: ``page`` is the address of the version in the portal."""

    project: str
    model: str
    version: str
    from_stage: str
    to_stage: str
    gate: str
    gate_key: str
    state: State
    policy: str
    digest: str
    page: str
    signatures: tuple[Quorum, ...]
    results: tuple[CriterionResult, ...]

    @classmethod
    def of(cls, view: GateView, *, page: str) -> Self:
        """Return the report of a gate; what keeps it shut comes first."""
        version = view.version
        return cls(
            project=version.model.project.slug,
            model=version.model.slug,
            version=str(version),
            from_stage=version.stage,
            to_stage=view.to_stage,
            gate=view.gate.title,
            gate_key=view.gate.key,
            state=view.state,
            policy=f"{view.revision.pack.slug} revision {view.revision.number}",
            digest=view.evidence.digest,
            page=page,
            signatures=view.approvals,
            results=tuple(sorted(view.verdict.results, key=_place)),
        )

    @property
    def blocking(self) -> tuple[CriterionResult, ...]:
        """The criteria that keep the gate shut."""
        return tuple(one for one in self.results if blocks(one))

    @property
    def warning(self) -> tuple[CriterionResult, ...]:
        """The criteria that do not hold and keep no gate shut."""
        return tuple(one for one in self.results if not holds(one) and not blocks(one))

    @property
    def summary(self) -> str:
        """How many criteria hold, in a sentence."""
        held = sum(1 for one in self.results if holds(one))
        shut = len(self.blocking)
        tail = f" {shut} {'keeps' if shut == 1 else 'keep'} it shut." if shut else ""
        return f"{held} of {len(self.results)} criteria hold.{tail}"


def holds(result: CriterionResult) -> bool:
    """Tell whether a criterion does not stand in the way: it passes, or is waived."""
    return result.verdict.state in HOLDS


def blocks(result: CriterionResult) -> bool:
    """Tell whether a criterion keeps the gate shut."""
    return result.severity == "block" and not holds(result)


def to_do(result: CriterionResult) -> list[str]:
    """Return what would have to change for a criterion to hold, in sentences; the policy's remedy comes last."""
    if holds(result):
        return []
    changes = [f"{one.what} is {one.now}, needed {one.needed}." for one in result.verdict.changes]
    return changes + ([result.remedy] if result.remedy else [])


def shown(words: str, longest: int) -> str:
    """Return words of which each character is seen, and at most so many of them."""
    seen = _UNSEEN.sub("\ufffd", str(words).replace("\r\n", "\n"))
    return seen if len(seen) <= longest else seen[: longest - 1] + "…"


def _place(result: CriterionResult) -> tuple[bool, bool, int]:
    return holds(result), not blocks(result), PLACES[result.verdict.state]
