"""A stage that a client sets is a promotion that it asks for; the answer says so in words that the client prints."""

from django.conf import settings
from django.urls import reverse

from apps.gates import services as gates
from apps.gates.enums import PromotionState
from apps.gates.models import Promotion
from apps.gates.showing import reasons
from apps.mlflow.callers import Caller
from apps.mlflow.errors import CallError
from apps.registry.models import Version

NOTE = "Asked for through MLflow's protocol."
#: So many reasons of a refusal are told; all of them stand at the request.
MOST_REASONS = 5


class Gated(CallError):
    """A version does not move by a call: a request for its promotion waits, or was refused."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="INVALID_STATE", status=400)


def move(caller: Caller, version: Version, to_stage: str) -> Version:
    """Return the version in this stage, if it is there or its gates let it pass by themselves; raises Gated otherwise."""
    headed = gates.head_for(version, to_stage=to_stage, by=caller.user, note=NOTE)
    if headed.stopped_at is not None:
        raise Gated(_sentence(headed.version, headed.stopped_at, to_stage))
    return headed.version


def _sentence(version: Version, promotion: Promotion, to_stage: str) -> str:
    page = settings.BASE_URL + reverse("gates:promotion", args=[promotion.pk])
    way = "" if promotion.to_stage == to_stage else f", the next step on the way to {to_stage},"
    if promotion.state == PromotionState.REFUSED:
        found = reasons(promotion.verdict["criteria"])
        told = "; ".join(found[:MOST_REASONS])
        more = f"; and {len(found) - MOST_REASONS} more" if len(found) > MOST_REASONS else ""
        return (
            f"{version} stays in {version.stage}: the gate to {promotion.to_stage}{way} refused it. "
            f"{(told + more).rstrip('.')}. What to mend: {page}"
        )
    signers = " and ".join(f"{one.count} {one.role}" for one in promotion.required_roles.order_by("role"))
    return (
        f"{version} stays in {version.stage} until people have signed: a request for its promotion to "
        f"{promotion.to_stage}{way} is open and waits for {signers or 'a signature'}. Sign or follow it: {page}"
    )
