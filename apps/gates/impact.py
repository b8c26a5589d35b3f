"""What would change under another revision or a draft: open requests, versions at their next gates, past promotions.

Pure judging: nothing is written. Waivers are left out on both sides of a version's gate; what a past promotion had a
waiver for is not held against it.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from apps.evidence.services import Evidence, collect
from apps.gates.benefits import gate_under
from apps.gates.enums import PromotionKind, PromotionState
from apps.gates.models import Promotion
from apps.gates.stricter import consequence, evidence_under
from apps.policies.judge import GateVerdict, State, judge_all
from apps.policies.models import Draft, Revision
from apps.policies.pack import document_of
from apps.policies.queries import live_revision, pack_of
from apps.projects.models import Project
from apps.registry.models import Version

#: How many of the last promotions are judged again.
LAST = 200


@dataclass(frozen=True)
class Row:
    """One thing whose answer changes: where it is seen, what it is, the answers, and why in sentences."""

    project: str
    kind: str
    pk: str
    name: str
    gate: str
    before: str
    after: str
    reasons: tuple[str, ...]


def as_revision(draft: Draft) -> Revision:
    """Return the revision that a draft would be, as a row that is never saved."""
    live = live_revision(draft)
    return Revision(
        pack=live.pack if live else None,
        number=(live.number if live else 0) + 1,
        source=draft.source,
        document=document_of(draft.source),
        content_hash="",
    )


def project_impact(project: Project, revision: Revision) -> list[Row]:
    """Return what would change for one project if it followed ``revision``."""
    requests = _open().filter(version__model__project=project)
    versions = _versions().filter(model__project=project)
    return [
        *(row for one in requests if (row := request_row(one, revision))),
        *(row for one in versions for row in version_rows(one, revision)),
    ]


def request_row(promotion: Promotion, revision: Revision) -> Row | None:
    """Return the row of an open request with which the revision is stricter, or None."""
    found = consequence(promotion, revision)
    if not found.is_stricter:
        return None
    return _row(promotion.version, "request", promotion, promotion.to_stage, "open", "stale", found.reasons)


def version_rows(version: Version, revision: Revision) -> list[Row]:
    """Return the gates out of a version's stage that answer differently under the revision."""
    current = version.model.project.policy_revision
    evidence = collect(version)
    before = _gates(version, current, evidence)
    after = _gates(version, revision, _read_by(version, revision, evidence))
    rows = []
    for stage in dict.fromkeys((*before, *after)):
        sides = [found.state if (found := one.get(stage)) else "" for one in (before, after)]
        if sides[0] != sides[1]:
            why = failing(after[stage]) if stage in after else ("There is no such gate.",)
            before_word, after_word = map(str, sides)
            rows.append(_row(version, "version", version, stage, before_word, after_word, why))
    return rows


def promotion_row(promotion: Promotion, revision: Revision) -> Row | None:
    """Return the row of a past promotion that the revision would have stopped, by its own snapshot; or None."""
    gate = gate_under(pack_of(revision), promotion)
    if gate is None:
        why: tuple[str, ...] = ("There is no such gate.",)
    else:
        waived = {one["key"] for one in promotion.verdict["criteria"] if one["state"] == "waived"}
        why = failing(judge_all(gate.criteria, promotion.snapshot.document), but=waived)
    if not why:
        return None
    return _row(promotion.version, "promotion", promotion, promotion.to_stage, "promoted", "refused", why)


def failing(verdict: GateVerdict, but: Iterable[str] = ()) -> tuple[str, ...]:
    """Return a sentence for each criterion that shuts the gate."""
    excused = set(but)
    return tuple(
        f"{one.title}: {one.verdict.reason}"
        for one in verdict.results
        if one.severity == "block" and one.verdict.state != State.PASS and one.key not in excused
    )


def impact(revision: Revision, slug: str, progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Judge all projects that follow a pack, as JSON; ``progress`` is told how far it is (0 to 1)."""
    here = {"version__model__project__policy_revision__pack__slug": slug}
    requests = list(_open().filter(**here))
    versions = list(_versions().filter(model__project__policy_revision__pack__slug=slug))
    past = list(_past().filter(**here)[:LAST])
    total = max(1, len(requests) + len(versions) + len(past))
    rows: list[Row] = []
    for done, one in enumerate([*requests, *past, *versions]):
        if done % 20 == 0:
            progress(done / total, f"{done} of {total} judged")
        rows += _rows_of(one, revision)
    judged = {"requests": len(requests), "versions": len(versions), "promotions": len(past)}
    return {"judged": judged, "rows": [{**asdict(row), "reasons": list(row.reasons)} for row in rows]}


def _rows_of(one: Promotion | Version, revision: Revision) -> list[Row]:
    if isinstance(one, Version):
        return version_rows(one, revision)
    row = (request_row if one.state == PromotionState.OPEN else promotion_row)(one, revision)
    return [row] if row else []


def _row(
    version: Version,
    kind: str,
    subject: Version | Promotion,
    gate: str,
    before: str,
    after: str,
    reasons: tuple[str, ...],
) -> Row:
    project = str(version.model.project_id)
    return Row(project, kind, str(subject.pk), str(version), gate, before, after, reasons)


def _gates(version: Version, revision: Revision, evidence: Evidence) -> dict[str, GateVerdict]:
    pack = pack_of(revision)
    found = {}
    for rule in pack.moves_from(version.stage):
        gate = pack.gate(rule.gate)
        if rule.kind == "promote" and gate is not None:
            found[rule.to_stage] = judge_all(gate.criteria, evidence.document)
    return found


def _read_by(version: Version, revision: Revision, evidence: Evidence) -> Evidence:
    """Return the evidence as the revision reads it; collected anew only where checklists or rubric differ."""
    before, after = pack_of(version.model.project.policy_revision), pack_of(revision)
    if (before.checklists, before.rubric) == (after.checklists, after.rubric):
        return evidence
    return evidence_under(version, revision)


def _open() -> Any:
    return _promotions().filter(state=PromotionState.OPEN)


def _past() -> Any:
    return _promotions().filter(state=PromotionState.PROMOTED, kind=PromotionKind.ORDINARY)


def _promotions() -> Any:
    return Promotion.objects.select_related(
        "version__model__project__policy_revision", "version__run", "policy_revision", "snapshot"
    ).order_by("-id")


def _versions() -> Any:
    return Version.objects.select_related("model__project__policy_revision", "run").order_by("-id")
