"""Head for a stage that may be several promotions away: each is asked for in its turn, until one has to wait."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.gates.enums import PromotionState
from apps.gates.models import Promotion
from apps.gates.services.requesting import request_promotion
from apps.policies.queries import pack_of
from apps.registry.models import Version


@dataclass(frozen=True)
class Headed:
    """Where a version came to: it is there, or ``stopped_at`` is the request that waits or was refused."""

    version: Version
    stopped_at: Promotion | None


def head_for(version: Version, *, to_stage: str, by: User, note: str = "") -> Headed:
    """Ask for the next promotion on the policy's shortest way to a stage, and go on where a gate promotes by itself.

    An open request of that move is answered as it is. Raises what ``request_promotion`` raises.
    """
    pack = pack_of(version.model.project.policy_revision)
    current = version
    for _ in pack.stages:
        if current.stage == to_stage:
            break
        rule = pack.step_towards(current.stage, to_stage)
        step = rule.to_stage if rule is not None else to_stage
        open_one = Promotion.objects.filter(version=current, to_stage=step, state=PromotionState.OPEN).first()
        asked = open_one or request_promotion(current, to_stage=step, by=by, note=note)
        if asked.state != PromotionState.PROMOTED:
            return Headed(current, asked)
        current = Version.objects.select_related("model__project__policy_revision").get(pk=current.pk)
    return Headed(current, None)
