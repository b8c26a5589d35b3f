"""What every act at a gate shares: reading under locks, closing a request, carrying it out, noting a refusal."""

from uuid import UUID

from django.db.models.functions import Now

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Refused
from apps.gates import moving
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


def prove(by: User, *, password: str) -> Reauthentication:
    """Return the proof that ``by`` is who acts; every act that needs a signature asks for it here."""
    return accounts.reauthenticate(by, password=password)


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
        "gates.promoted",
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        stage=promotion.to_stage,
        digest=promotion.evidence_digest,
    )
    moving.move(promotion, by=by)


def close(promotion: Promotion, state: PromotionState) -> None:
    """Close a request; the only assignment to its state."""
    assert state in PROMOTION_MOVES[promotion.state]
    governed.change(promotion, state=state, closed_at=Now())


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
