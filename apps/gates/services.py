"""What is done at the gates: ask, sign, take back. The database keeps the promises; this says them in words."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Forbidden, Invalid, Refused, not_now
from apps.evidence.services import collect, differences, snapshot
from apps.gates import judging, moving, permissions
from apps.gates.enums import PROMOTION_MOVES, ApprovalDecision, ParticipantKind, PromotionState
from apps.gates.lineage import contributors_of
from apps.gates.models import Approval, Participant, Promotion, RequiredRole
from apps.gates.sentences import SENTENCES, in_words
from apps.policies.judge import State
from apps.policies.pack import Gate
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.registry.models import Model, Version

SHORTEST_COMMENT = 10


@dataclass(frozen=True)
class _Stale:
    """What signing found: the evidence or policy had changed, and the request was replaced."""

    successor: Promotion
    changed: list[dict[str, Any]]


def request_promotion(version: Version, *, to_stage: str, by: User, note: str = "") -> Promotion:
    """Ask to move a version. The gate is judged on a snapshot of the evidence.

    A gate that does not pass gives a closed request that keeps the verdict (state refused); an automatic gate
    promotes at once. Raises Refused when one is open already, Invalid for a move that the policy does not know.
    """
    try:
        return _request(version.pk, to_stage=to_stage, by=by, note=note)
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        _note_refusal(version, "ask for a promotion of", error, by=by)
        raise


@service
def _request(version_id: UUID, *, to_stage: str, by: User, note: str) -> Promotion:
    version = _locked(version_id)
    permissions.can_request(by, version).enforce()
    rule = judging.rule_for(version, to_stage)
    open_one = Promotion.objects.filter(version=version, to_stage=to_stage, state=PromotionState.OPEN).first()
    if open_one is not None:
        raise Refused(SENTENCES["gates_promotion_one_open"], code="open_already", promotion=str(open_one.pk))
    return _open(version, rule.to_stage, by=by, note=note, replaces=None)


def _locked(version_id: UUID) -> Version:
    """Lock project, model and version in the one fixed order (guarantee 16), and read them afresh."""
    project_id, model_id = Version.objects.values_list("model__project_id", "model_id").get(pk=version_id)
    Project.objects.select_for_update().get(pk=project_id)
    Model.objects.select_for_update(of=("self",)).get(pk=model_id)
    return (
        Version.objects.select_for_update(of=("self",))
        .select_related("model__project__policy_revision", "run__started_by__owner", "created_by__owner")
        .get(pk=version_id)
    )


def _open(version: Version, to_stage: str, *, by: User, note: str, replaces: Promotion | None) -> Promotion:
    project = version.model.project
    kept = snapshot(version)
    view = judging.gate_view(version, to_stage)
    passes = view.state == State.PASS
    promotion = Promotion.objects.create(
        version=version,
        from_stage=version.stage,
        to_stage=to_stage,
        state=PromotionState.OPEN if passes else PromotionState.REFUSED,
        closed_at=None if passes else Now(),
        policy_revision=project.policy_revision,
        snapshot=kept,
        evidence_digest=kept.digest,
        verdict=view.verdict.to_json(),
        needs_approval=not view.gate.automatic,
        note=note.strip(),
        requested_by=by,
        replaces=replaces,
    )
    promotion.refresh_from_db(fields=["closed_at"])
    facts = {
        "version": str(version.pk),
        "from_stage": version.stage,
        "stage": to_stage,
        "digest": kept.digest,
    }
    if not passes:
        reasons = "; ".join(f"{one.title}: {one.verdict.reason}" for one in view.failing)
        audit.record(
            "gates.promotion_refused", promotion, by=by, project_id=project.pk, reasons=reasons, **facts
        )
        return promotion
    _name_people(promotion, view.gate, version, by=by)
    audit.record("gates.promotion_requested", promotion, by=by, project_id=project.pk, **facts)
    if view.gate.automatic:
        _promote(promotion, by=by)
    return promotion


def _name_people(promotion: Promotion, gate: Gate, version: Version, *, by: User) -> None:
    RequiredRole.objects.bulk_create(
        RequiredRole(promotion=promotion, role=quorum.role, count=quorum.count) for quorum in gate.approvals
    )
    people = {by.person_id: (ParticipantKind.REQUESTER, "You asked for this promotion")}
    for person_id, because in contributors_of(version).items():
        people.setdefault(person_id, (ParticipantKind.CONTRIBUTOR, because))
    Participant.objects.bulk_create(
        Participant(promotion=promotion, person_id=person_id, kind=kind, because=because)
        for person_id, (kind, because) in people.items()
    )


def approve(
    promotion: Promotion,
    *,
    by: User,
    password: str,
    digest: str,
    meaning: str = "",
    comment: str = "",
    decision: str = ApprovalDecision.APPROVE,
) -> Approval:
    """Sign a request: approve, reject, or ask for changes. ``digest`` is the evidence that the signer saw.

    When evidence or policy changed since the request was opened, it is closed as stale, the next one is opened
    without signatures, and Refused (code stale) names it with what changed.
    """
    try:
        permissions.can_approve(by, promotion).decision.enforce()
        proof = accounts.reauthenticate(by, password=password)
        outcome = _sign(
            promotion.pk,
            by=by,
            proof=proof,
            digest=digest,
            meaning=meaning,
            comment=comment,
            decision=decision,
        )
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        _note_refusal(promotion.version, f"sign for {promotion.to_stage} of", error, by=by)
        raise
    if isinstance(outcome, _Stale):
        raise Refused(
            "The evidence or the policy changed after this request was opened, so it is closed. "
            "A new request with the evidence of now is open; read it and sign there.",
            code="stale",
            promotion=str(outcome.successor.pk),
            changed=outcome.changed,
        )
    promotion.refresh_from_db()
    return outcome


@service
def _sign(
    promotion_id: UUID,
    *,
    by: User,
    proof: Reauthentication,
    digest: str,
    meaning: str,
    comment: str,
    decision: str,
) -> Approval | _Stale:
    version = _locked(Promotion.objects.values_list("version_id", flat=True).get(pk=promotion_id))
    promotion = _reread(promotion_id)
    if promotion.state != PromotionState.OPEN:
        not_now(f"This request is closed: {promotion.get_state_display().lower()}.", code="closed").enforce()
    promotion.version = version
    stale = _replace_if_stale(promotion, version)
    if stale is not None:
        return stale
    signing = permissions.can_approve(by, promotion)
    signing.decision.enforce()
    if digest != promotion.evidence_digest:
        raise Refused(
            "You looked at other evidence than this request is about. Load the page again.",
            code="other_digest",
        )
    meaning, comment = _demand_words(promotion, decision, meaning, comment)
    governed.change(promotion)
    Participant.objects.get_or_create(
        promotion=promotion, person=by, defaults={"kind": ParticipantKind.APPROVER, "because": "You signed"}
    )
    approval = Approval.objects.create(
        promotion=promotion,
        person=by,
        role=signing.role,
        decision=decision,
        meaning=meaning,
        comment=comment,
        signer_name=by.full_name,
        evidence_digest=digest,
        reauthentication=proof,
    )
    approval.refresh_from_db()
    _note_signature(promotion, approval, by=by)
    if decision == ApprovalDecision.REJECT:
        _move(promotion, PromotionState.REJECTED)
        audit.record(
            "gates.promotion_closed", promotion, by=by, project_id=version.model.project_id, state="rejected"
        )
    elif decision == ApprovalDecision.APPROVE and _quorum_met(promotion):
        _promote(promotion, by=by)
    return approval


def _reread(promotion_id: UUID) -> Promotion:
    return (
        Promotion.objects.select_for_update(of=("self",))
        .select_related(
            "version__model__project__policy_revision", "policy_revision", "requested_by__owner", "snapshot"
        )
        .get(pk=promotion_id)
    )


def _replace_if_stale(promotion: Promotion, version: Version) -> _Stale | None:
    now = collect(version)
    same_policy = promotion.policy_revision_id == version.model.project.policy_revision_id
    if now.digest == promotion.evidence_digest and same_policy and version.stage == promotion.from_stage:
        return None
    _move(promotion, PromotionState.STALE)
    audit.record(
        "gates.promotion_stale", promotion, by=None, project_id=version.model.project_id, digest=now.digest
    )
    successor = _open(
        version, promotion.to_stage, by=promotion.requested_by, note=promotion.note, replaces=promotion
    )
    return _Stale(successor, differences(promotion.snapshot.document, now.document))


def _demand_words(promotion: Promotion, decision: str, meaning: str, comment: str) -> tuple[str, str]:
    if decision not in ApprovalDecision.values:
        raise Invalid(
            "Choose approve, reject, or ask for changes.", code="unknown_decision", field="decision"
        )
    comment = comment.strip()
    if decision != ApprovalDecision.APPROVE:
        if len(comment) < SHORTEST_COMMENT:
            raise Invalid(
                f"Say why, in {SHORTEST_COMMENT} characters or more.", code="comment_missing", field="comment"
            )
        return ApprovalDecision(decision).label, comment
    rule = pack_of(promotion.policy_revision).transition(promotion.from_stage, promotion.to_stage)
    gate = pack_of(promotion.policy_revision).gate(rule.gate) if rule else None
    if gate is None or meaning not in gate.meanings:
        raise Invalid("Choose what your signature means.", code="meaning_missing", field="meaning")
    return meaning, comment


def _note_signature(promotion: Promotion, approval: Approval, *, by: User) -> None:
    kinds = {
        ApprovalDecision.APPROVE: "gates.approved",
        ApprovalDecision.REJECT: "gates.rejected",
        ApprovalDecision.ASK_CHANGES: "gates.changes_asked",
    }
    audit.record(
        kinds[ApprovalDecision(approval.decision)],
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        approval=str(approval.pk),
        role=approval.role,
        meaning=approval.meaning,
        comment=approval.comment,
        digest=approval.evidence_digest,
    )


def _quorum_met(promotion: Promotion) -> bool:
    live = list(promotion.approvals.filter(withdrawn_at__isnull=True))
    if any(one.decision != ApprovalDecision.APPROVE for one in live):
        return False
    signed: dict[str, set[UUID]] = {}
    for one in live:
        signed.setdefault(one.role, set()).add(one.person_id)
    needed = list(promotion.required_roles.all())
    return bool(needed) and all(len(signed.get(one.role, ())) >= one.count for one in needed)


def _promote(promotion: Promotion, *, by: User) -> None:
    _move(promotion, PromotionState.PROMOTED)
    audit.record(
        "gates.promoted",
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        stage=promotion.to_stage,
        digest=promotion.evidence_digest,
    )
    moving.move(promotion, by=by)


def _move(promotion: Promotion, state: PromotionState) -> None:
    """Close a request; the only assignment to its state."""
    assert state in PROMOTION_MOVES[promotion.state]
    governed.change(promotion, state=state, closed_at=Now())


def withdraw_approval(approval: Approval, *, by: User, reason: str) -> Approval:
    """Take a signature back while the request is open."""
    try:
        return _withdraw_approval(approval.pk, by=by, reason=reason)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _withdraw_approval(approval_id: UUID, *, by: User, reason: str) -> Approval:
    promotion_id = Approval.objects.values_list("promotion_id", flat=True).get(pk=approval_id)
    promotion = _reread(promotion_id)
    approval = Approval.objects.select_related("promotion").get(pk=approval_id)
    permissions.can_withdraw_approval(by, approval).enforce()
    if len(reason.strip()) < SHORTEST_COMMENT:
        raise Invalid(
            f"Say why, in {SHORTEST_COMMENT} characters or more.", code="reason_missing", field="reason"
        )
    governed.change(promotion)
    Approval.objects.filter(pk=approval_id).update(withdrawn_at=Now(), withdrawal_reason=reason.strip())
    audit.record(
        "gates.approval_withdrawn",
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        approval=str(approval_id),
        reason=reason.strip(),
    )
    approval.refresh_from_db()
    return approval


@service
def withdraw_promotion(promotion: Promotion, *, by: User, reason: str = "") -> Promotion:
    """Take a request back."""
    current = _reread(promotion.pk)
    permissions.can_withdraw_promotion(by, current).enforce()
    _move(current, PromotionState.WITHDRAWN)
    audit.record(
        "gates.promotion_withdrawn",
        current,
        by=by,
        project_id=current.version.model.project_id,
        reason=reason.strip(),
    )
    return current


@service
def _note_refusal(version: Version, act: str, error: Refused, *, by: User) -> None:
    audit.record(
        "gates.act_refused",
        version,
        by=by,
        project_id=version.model.project_id,
        act=act,
        reason=error.sentence,
    )
