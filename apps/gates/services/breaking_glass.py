"""Promote past a failing gate: by a person of a role that the policy names, with a reason, for all to see."""

from uuid import UUID

from django.db import IntegrityError

from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Forbidden
from apps.core.reasons import demand_reason
from apps.evidence.services import snapshot
from apps.gates import judging
from apps.gates import permissions_exceptions as permissions
from apps.gates.enums import PromotionKind, PromotionState
from apps.gates.models import BreakGlass, Promotion
from apps.gates.permissions import demand_factors
from apps.gates.sentences import in_words
from apps.gates.services.life import close, locked_version, note_refusal, promote, prove
from apps.gates.services.postmortems import open_postmortem
from apps.gates.telling import tell_members
from apps.policies.queries import pack_of
from apps.projects.permissions import role_of
from apps.registry.models import Version

#: An emergency has a story; a word is none.
SHORTEST_EMERGENCY = 40


def break_glass(version: Version, *, to_stage: str, reason: str, by: User, proof: Proof) -> Promotion:
    """Promote a version without its gate and quorum. It is announced to everybody and must be reviewed."""
    try:
        permissions.can_break_glass(by, version).enforce()
        rule = judging.rule_for(version, to_stage)
        gate = pack_of(version.model.project.policy_revision).gate(rule.gate)
        demand_factors(by, proof, demanded=gate is not None and gate.second_factor)
        confirmed = prove(by, proof=proof)
        return _break_glass(version.pk, to_stage=to_stage, reason=reason, by=by, proof=confirmed)
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        note_refusal(version, "break the glass for", error, by=by)
        raise


@service
def _break_glass(
    version_id: UUID, *, to_stage: str, reason: str, by: User, proof: Reauthentication
) -> Promotion:
    version = locked_version(version_id)
    permissions.can_break_glass(by, version).enforce()
    why = demand_reason(reason, shortest=SHORTEST_EMERGENCY)
    view = judging.gate_view(version, to_stage)
    permissions.is_past_a_gate(view.rule.kind).enforce()
    project, kept = version.model.project, snapshot(version)
    _close_open_request(version, to_stage, by=by)
    promotion = Promotion.objects.create(
        version=version,
        from_stage=version.stage,
        to_stage=to_stage,
        kind=PromotionKind.BREAK_GLASS,
        policy_revision=project.policy_revision,
        snapshot=kept,
        evidence_digest=kept.digest,
        verdict=view.verdict.to_json(),
        needs_approval=False,
        note=why,
        requested_by=by,
    )
    glass = BreakGlass.objects.create(
        promotion=promotion,
        version=version,
        person=by,
        role=str(role_of(by, project.pk)),
        signer_name=by.full_name,
        reason=why,
        reauthentication=proof,
    )
    audit.record(
        "gates.broke_glass",
        promotion,
        by=by,
        project_id=project.pk,
        version=str(version.pk),
        stage=to_stage,
        reason=why,
        state=str(view.state),
        digest=kept.digest,
    )
    promote(promotion, by=by)
    rule = pack_of(project.policy_revision).exceptions.break_glass
    postmortem = open_postmortem(glass, caused_by=by, within_days=rule.review_within_days, blocks=True, by=by)
    tell_members(
        "gates.broke_glass", version, by=by, stage=to_stage, reason=why, due=f"{postmortem.due_at:%Y-%m-%d}"
    )
    return promotion


def _close_open_request(version: Version, to_stage: str, *, by: User) -> None:
    """What was asked for in the ordinary way is overtaken; it keeps its signatures and is closed."""
    waiting = Promotion.objects.select_for_update().filter(
        version=version, to_stage=to_stage, state=PromotionState.OPEN
    )
    for one in waiting:
        close(one, PromotionState.STALE)
        audit.record(
            "gates.promotion_closed", one, by=by, project_id=version.model.project_id, state="overtaken"
        )
