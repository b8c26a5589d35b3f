"""Whom a change of policy benefits: what was refused under the old one would pass (guarantee 5)."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from apps.gates.enums import PromotionState
from apps.gates.judging import way_in
from apps.gates.models import Promotion
from apps.policies.judge import State, judge_all
from apps.policies.pack import Gate, Pack
from apps.projects.enums import Role
from apps.projects.models import Membership, Project

#: A refusal of longer ago is nobody's interest any more, and more than so many are not judged while a page waits.
REMEMBERED = timedelta(days=180)
MOST = 2000


def gate_under(pack: Pack, promotion: Promotion) -> Gate | None:
    """Return the gate that would judge a request under a pack; None where the pack does not allow the move."""
    if promotion.is_review:
        return way_in(pack, promotion.to_stage)
    rule = pack.transition(promotion.from_stage, promotion.to_stage)
    return pack.gate(rule.gate) if rule and rule.gate else None


def state_under(pack: Pack, promotion: Promotion) -> State | None:
    """Judge a request anew on its own snapshot; None where the pack does not allow the move. Waivers are left out."""
    gate = gate_under(pack, promotion)
    return None if gate is None else judge_all(gate.criteria, promotion.snapshot.document).state


def beneficiaries(pack: Pack, project: Project | None = None) -> dict[UUID, str]:
    """Return who asked for what was refused and would pass under ``pack``, and who owns those projects.

    Looks at the newest refusal of each version that is still where it was, in projects of this pack or in one.
    """
    opened = [one for one in _refused(pack.slug, project) if state_under(pack, one) == State.PASS]
    found: dict[UUID, str] = {}
    for promotion in opened:
        name = promotion.version.model.project.name
        found.setdefault(
            promotion.requested_by.person_id, f"{promotion} of {name} was refused for them and would pass"
        )
    projects = {one.version.model.project_id: one for one in opened}
    owners = Membership.objects.filter(project__in=projects, role=Role.OWNER).values_list(
        "user_id", "project_id"
    )
    for person_id, project_id in owners:
        one = projects[project_id]
        found.setdefault(
            person_id, f"they own {one.version.model.project.name}, where {one} was refused and would pass"
        )
    return found


def _refused(slug: str, project: Project | None) -> Iterable[Promotion]:
    here = (
        Q(version__model__project=project)
        if project
        else Q(version__model__project__policy_revision__pack__slug=slug)
    )
    rows = (
        Promotion.objects.filter(
            here,
            state=PromotionState.REFUSED,
            created_at__gt=timezone.now() - REMEMBERED,
            version__stage=F("from_stage"),
        )
        .select_related("version__model__project", "snapshot", "requested_by__owner")
        .order_by("-id")[:MOST]
    )
    newest: dict[tuple[UUID, str], Promotion] = {}
    for one in rows:
        newest.setdefault((one.version_id, one.to_stage), one)
    return newest.values()
