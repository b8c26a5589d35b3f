"""What every act at a gate shares: reading under locks, closing a request, carrying it out, noting a refusal."""

from uuid import UUID

from django.db.models.functions import Now

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Refused
from apps.gates import moving, reviewing, telling, terms
from apps.gates.enums import PROMOTION_MOVES, PromotionState
from apps.gates.models import Promotion
from apps.projects.models import Project
from apps.registry.models import Model, Version

#: Reasons and comments are words, not a dot.
SHORTEST_COMMENT = 10


def locked_version(version_id: UUID) -> Version:
    """Lock project, model and version in the one fixed order (guarantee 16), and read them afresh."""
    project_id, model_id = Version.objects.values_list("model__project_id", "model_id").get(pk=version_id)
    Project.objects.select_for_update().get(pk=project_id)
    Model.objects.select_for_update(of=("self",)).get(pk=model_id)
    return (
        Version.objects.select_for_update(of=("self",))
        .select_related("model__project__policy_revision", "run__started_by__owner", "created_by__owner")
        .get(pk=version_id)
    )


def prove(by: User, *, proof: Proof) -> Reauthentication:
    """Return the proof that ``by`` is who acts; every act that needs a signature asks for it here."""
    return accounts.reauthenticate(by, proof=proof)


def reread(promotion_id: UUID) -> Promotion:
    return (
        Promotion.objects.select_for_update(of=("self",))
        .select_related(
            "version__model__project__policy_revision", "policy_revision", "requested_by__owner", "snapshot"
        )
        .get(pk=promotion_id)
    )


def promote(promotion: Promotion, *, by: User) -> None:
    close(promotion, PromotionState.PROMOTED)
    audit.record(
        "gates.review_signed" if promotion.is_review else "gates.promoted",
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        stage=promotion.to_stage,
        digest=promotion.evidence_digest,
    )
    if promotion.is_review:
        reviewing.confirm(promotion, by=by)
    else:
        moving.move(promotion, by=by)
        reviewing.schedule(promotion, by=by)
    terms.come_into_force(promotion, by=by)
    telling.decided(promotion, by=by)


def close(promotion: Promotion, state: PromotionState) -> None:
    """Close a request; the only assignment to its state."""
    assert state in PROMOTION_MOVES[promotion.state]
    governed.change(promotion, state=state, closed_at=Now())
    if state != PromotionState.PROMOTED:
        terms.drop(promotion)


def close_open(version: Version, stage: str, *, by: User) -> None:
    """Withdraw the open request for a stage, if there is one: what it asked is answered otherwise."""
    found = Promotion.objects.filter(version=version, to_stage=stage, state=PromotionState.OPEN).first()
    if found is None:
        return
    current = reread(found.pk)
    close(current, PromotionState.WITHDRAWN)
    audit.record(
        "gates.promotion_withdrawn",
        current,
        by=by,
        project_id=version.model.project_id,
        reason="The re-review was closed with a finding.",
    )


@service
def note_refusal(version: Version, act: str, error: Refused, *, by: User) -> None:
    audit.record(
        "gates.act_refused",
        version,
        by=by,
        project_id=version.model.project_id,
        act=act,
        reason=error.sentence,
    )
