"""Sign a request: approve, reject, or ask for changes."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Forbidden, Invalid, Refused, not_now
from apps.core.reasons import demand_reason
from apps.evidence.services import differences
from apps.gates import permissions, telling
from apps.gates.enums import ApprovalDecision, ParticipantKind, PromotionState
from apps.gates.judging import gate_of
from apps.gates.lineage import contributors_of
from apps.gates.models import Approval, Delegation, Participant, Promotion
from apps.gates.sentences import in_words
from apps.gates.services.life import close, locked_version, note_refusal, promote, reread
from apps.gates.services.requesting import replace_stale
from apps.gates.stricter import evidence_under
from apps.gates.terms import Terms, bind
from apps.gates.waivers import still_hold
from apps.registry.models import Version


@dataclass(frozen=True)
class _Stale:
    """What signing found: the evidence or policy had changed, and the request was replaced."""

    successor: Promotion
    changed: list[dict[str, Any]]


def approve(
    promotion: Promotion,
    *,
    by: User,
    proof: Proof,
    digest: str,
    meaning: str = "",
    comment: str = "",
    decision: str = ApprovalDecision.APPROVE,
    delegation: Delegation | None = None,
    terms: Terms | None = None,
) -> Approval:
    """Sign a request: approve, reject, or ask for changes. ``digest`` is the evidence that the signer saw.

    ``proof`` is what the signer shows now to prove who they are; a gate may demand a second factor in it. With a
    ``delegation`` the signature takes the seat of who gave it, and uses up both people. ``terms`` are what an approval
    is bound to; they come into force with the promotion and change nothing of the evidence.

    When the evidence changed since the request was opened, it is closed as stale, the next one is opened
    without signatures, and Refused (code stale) names it with what changed.
    """
    try:
        permissions.can_approve(by, promotion, delegation).decision.enforce()
        permissions.demand_factors(by, proof, demanded=promotion.needs_second_factor)
        confirmed = accounts.reauthenticate(by, proof=proof)
        outcome = _sign(
            promotion.pk,
            by=by,
            confirmed=confirmed,
            digest=digest,
            meaning=meaning,
            comment=comment,
            decision=decision,
            delegation=delegation,
            terms=terms or Terms(),
        )
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        note_refusal(promotion.version, f"sign for {promotion.to_stage} of", error, by=by)
        raise
    if isinstance(outcome, _Stale):
        raise Refused(
            "The evidence changed after this request was opened, so it is closed. "
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
    confirmed: Reauthentication,
    digest: str,
    meaning: str,
    comment: str,
    decision: str,
    delegation: Delegation | None,
    terms: Terms,
) -> Approval | _Stale:
    version = locked_version(Promotion.objects.values_list("version_id", flat=True).get(pk=promotion_id))
    promotion = reread(promotion_id)
    if promotion.state != PromotionState.OPEN:
        not_now(f"This request is closed: {promotion.get_state_display().lower()}.", code="closed").enforce()
    promotion.version = version
    stale = _replace_if_stale(promotion, version)
    if stale is not None:
        return stale
    keep_duties_apart(promotion)
    delegation = _reread_delegation(delegation)
    signing = permissions.can_approve(by, promotion, delegation)
    signing.decision.enforce()
    if digest != promotion.evidence_digest:
        raise Refused(
            "You looked at other evidence than this request is about. Load the page again.",
            code="other_digest",
        )
    meaning, comment = _demand_words(promotion, decision, meaning, comment)
    if terms and decision != ApprovalDecision.APPROVE:
        raise Invalid(
            "Conditions go with an approval. Choose approve, or empty the section of conditions.",
            code="terms_without_approval",
            field="decision",
        )
    governed.change(promotion)
    _take_part(promotion, by, "You signed")
    if delegation is not None:
        _take_part(promotion, delegation.delegator, "You let another person sign")
    approval = Approval.objects.create(
        promotion=promotion,
        person=by,
        role=signing.role,
        decision=decision,
        meaning=meaning,
        comment=comment,
        signer_name=by.full_name,
        evidence_digest=digest,
        reauthentication=confirmed,
        delegation=delegation,
        on_behalf_of=delegation.delegator if delegation else None,
    )
    approval.refresh_from_db()
    _note_signature(promotion, approval, by=by)
    if terms:
        bind(approval, terms)
    if decision == ApprovalDecision.REJECT:
        close(promotion, PromotionState.REJECTED)
        audit.record(
            "gates.promotion_closed", promotion, by=by, project_id=version.model.project_id, state="rejected"
        )
        telling.decided(promotion, by=by)
    elif decision == ApprovalDecision.APPROVE and _quorum_met(promotion):
        promote(promotion, by=by)
    return approval


def _reread_delegation(delegation: Delegation | None) -> Delegation | None:
    """Hold the delegation while signing: it may have been ended since the page was read."""
    if delegation is None:
        return None
    return (
        Delegation.objects.select_for_update(of=("self",)).select_related("delegator").get(pk=delegation.pk)
    )


def _take_part(promotion: Promotion, person: User, because: str) -> None:
    Participant.objects.get_or_create(
        promotion=promotion, person=person, defaults={"kind": ParticipantKind.APPROVER, "because": because}
    )


def keep_duties_apart(promotion: Promotion) -> None:
    """Read the lineage anew: who contributed since the request was opened is a participant, and does not sign.

    A live signature of such a person is withdrawn in the system's name, so that it does not count.
    """
    parts = dict(promotion.participants.values_list("person_id", "kind"))
    for person_id, because in contributors_of(promotion.version).items():
        if person_id not in parts:
            Participant.objects.create(
                promotion=promotion, person_id=person_id, kind=ParticipantKind.CONTRIBUTOR, because=because
            )
        elif parts[person_id] == ParticipantKind.APPROVER:
            _void(promotion, person_id, because)


def _void(promotion: Promotion, person_id: UUID, because: str) -> None:
    theirs = Q(person_id=person_id) | Q(on_behalf_of_id=person_id)
    for approval in promotion.approvals.filter(theirs, withdrawn_at__isnull=True):
        reason = f"{approval.signer_name} signed and contributed afterwards ({because[4:]})."
        Approval.objects.filter(pk=approval.pk).update(withdrawn_at=Now(), withdrawal_reason=reason)
        governed.change(promotion)
        audit.record(
            "gates.approval_voided",
            promotion,
            by=None,
            project_id=promotion.version.model.project_id,
            version=str(promotion.version_id),
            approval=str(approval.pk),
            reason=reason,
        )


def _replace_if_stale(promotion: Promotion, version: Version) -> _Stale | None:
    """Compare with the evidence of now as the request's own policy reads it: a later policy is none of its business."""
    now = evidence_under(version, promotion.policy_revision)
    same_place = version.stage == promotion.from_stage and still_hold(promotion)
    if now.digest == promotion.evidence_digest and same_place:
        return None
    successor = replace_stale(promotion, version, digest=now.digest)
    assert successor is not None, "one is asked for again"
    return _Stale(successor, differences(promotion.snapshot.document, now.document))


def _demand_words(promotion: Promotion, decision: str, meaning: str, comment: str) -> tuple[str, str]:
    if decision not in ApprovalDecision.values:
        raise Invalid(
            "Choose approve, reject, or ask for changes.", code="unknown_decision", field="decision"
        )
    comment = comment.strip()
    if decision != ApprovalDecision.APPROVE:
        said = demand_reason(comment, code="comment_missing", field="comment")
        return ApprovalDecision(decision).label, said
    gate = gate_of(promotion)
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
        confirmed_with=approval.reauthentication.method,
        meaning=approval.meaning,
        comment=approval.comment,
        digest=approval.evidence_digest,
        on_behalf_of=str(approval.on_behalf_of or ""),
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
