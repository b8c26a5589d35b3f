"""Ask for a promotion: the gate is judged on a snapshot, and the people in it are named."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Forbidden, Refused
from apps.evidence.services import Evidence, snapshot
from apps.gates import judging, permissions, telling
from apps.gates.enums import ParticipantKind, PromotionState, Purpose
from apps.gates.lineage import contributors_of
from apps.gates.models import Participant, Promotion, RequiredRole
from apps.gates.permissions_exceptions import nothing_late
from apps.gates.sentences import SENTENCES, in_words
from apps.gates.services.life import close, locked_version, note_refusal, promote
from apps.policies.judge import State
from apps.policies.pack import Quorum
from apps.policies.quorums import signatures_on
from apps.registry.models import Version


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
        note_refusal(version, "ask for a promotion of", error, by=by)
        raise


@service
def _request(version_id: UUID, *, to_stage: str, by: User, note: str) -> Promotion:
    version = locked_version(version_id)
    permissions.can_request(by, version).enforce()
    rule = judging.rule_for(version, to_stage)
    if rule.kind == "promote":
        nothing_late(version.model).enforce()
    open_one = Promotion.objects.filter(version=version, to_stage=to_stage, state=PromotionState.OPEN).first()
    if open_one is not None:
        raise Refused(SENTENCES["gates_promotion_one_open"], code="open_already", promotion=str(open_one.pk))
    return open_request(version, rule.to_stage, by=by, note=note, replaces=None)


def open_request(
    version: Version,
    to_stage: str,
    *,
    by: User,
    note: str,
    replaces: Promotion | None,
    asker: User | None = None,
) -> Promotion:
    """Judge the gate on a snapshot and write the request; for the stage that the version is in, a re-review.

    ``asker`` is in whose name it is asked, when that is not ``by``: whoever starts a re-review may still sign it.
    """
    project = version.model.project
    kept = snapshot(version)
    view = judging.gate_view(version, to_stage, Evidence(kept.document, kept.digest))
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
        purpose=Purpose.REVIEW if to_stage == version.stage else Purpose.PROMOTE,
        expires_at=Now() + timedelta(days=days) if (days := view.gate.timing.expires_after_days) else None,
        needs_approval=not view.gate.automatic,
        needs_second_factor=view.gate.second_factor,
        note=note.strip(),
        requested_by=asker or by,
        replaces=replaces,
    )
    promotion.refresh_from_db(fields=["closed_at", "expires_at"])
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
    _name_people(promotion, signatures_on(view.gate, kept.document), version, by=asker or by)
    audit.record("gates.promotion_requested", promotion, by=by, project_id=project.pk, **facts)
    if view.gate.automatic:
        promote(promotion, by=by)
    else:
        telling.asked(promotion, by=by)
    return promotion


def replace_stale(
    promotion: Promotion, version: Version, *, reasons: str = "", digest: str = "", again: bool = True
) -> Promotion | None:
    """Close an open request as stale and open the next one, without signatures, under the policy of now.

    Without ``again`` none is opened: the policy does not allow the move any more.
    """
    close(promotion, PromotionState.STALE)
    audit.record(
        "gates.promotion_stale",
        promotion,
        by=None,
        project_id=version.model.project_id,
        digest=digest or promotion.evidence_digest,
        reasons=reasons,
    )
    if not again:
        telling.decided(promotion, by=None)
        return None
    successor = open_request(
        version, promotion.to_stage, by=promotion.requested_by, note=promotion.note, replaces=promotion
    )
    telling.replaced(promotion, successor)
    return successor


def _name_people(promotion: Promotion, signatures: tuple[Quorum, ...], version: Version, *, by: User) -> None:
    RequiredRole.objects.bulk_create(
        RequiredRole(promotion=promotion, role=quorum.role, count=quorum.count) for quorum in signatures
    )
    people = {by.person_id: (ParticipantKind.REQUESTER, "You asked for this promotion")}
    for person_id, because in contributors_of(version).items():
        people.setdefault(person_id, (ParticipantKind.CONTRIBUTOR, because))
    Participant.objects.bulk_create(
        Participant(promotion=promotion, person_id=person_id, kind=kind, because=because)
        for person_id, (kind, because) in people.items()
    )
