"""Let a project follow another revision of its policy: an owner asks, a risk officer confirms, requests are judged again."""

from uuid import UUID

from django.db import IntegrityError

from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.core.db import service
from apps.core.errors import Refused
from apps.core.reasons import demand_reason
from apps.gates import permissions_policy as permissions
from apps.gates.benefits import beneficiaries, gate_under
from apps.gates.enums import PromotionState
from apps.gates.models import Promotion
from apps.gates.sentences import in_words
from apps.gates.services.life import locked_version, prove, reread
from apps.gates.services.requesting import replace_stale
from apps.gates.stricter import consequence
from apps.gates.telling_policy import move_moved
from apps.policies.models import Revision
from apps.policies.queries import pack_of
from apps.projects import following
from apps.projects.enums import MoveState
from apps.projects.models import PolicyMove, Project
from apps.registry.models import Version


def ask_move(project: Project, *, to: Revision, reason: str, by: User) -> PolicyMove:
    """Ask that the project follows ``to``. Nothing changes until a risk officer confirms it."""
    try:
        return _ask(project.pk, to=to, reason=reason, by=by)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _ask(project_id: UUID, *, to: Revision, reason: str, by: User) -> PolicyMove:
    project = _locked_project(project_id)
    permissions.can_ask_move(by, project).enforce()
    if to.pk == project.policy_revision_id:
        raise Refused(f"The project follows {to} already.", code="same_revision")
    _demand_stages(project, to)
    move = following.ask_move(project, to=to, reason=demand_reason(reason), by=by)
    move_moved(move, by=by)
    return move


def confirm_move(move: PolicyMove, *, by: User, proof: Proof) -> PolicyMove:
    """Confirm a move with a proof. Open requests are judged again: those with which the new policy is stricter go stale.

    The others keep the revision that they were opened under.
    """
    try:
        _demand_may_confirm(by, move)
        return _confirm(move.pk, by=by, confirmed=prove(by, proof=proof))
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _confirm(move_id: UUID, *, by: User, confirmed: Reauthentication) -> PolicyMove:
    project = _locked_project(PolicyMove.objects.values_list("project_id", flat=True).get(pk=move_id))
    move = _reread_move(move_id)
    _demand_may_confirm(by, move)
    _demand_stages(project, move.to_revision)
    following.confirm_move(move, project, by=by, confirmed=confirmed)
    move_moved(move, by=by)
    for promotion_id, version_id in _open_in(project):
        version = locked_version(version_id)
        promotion = reread(promotion_id)
        promotion.version = version
        found = consequence(promotion, move.to_revision)
        if promotion.state == PromotionState.OPEN and found.is_stricter:
            allowed = gate_under(pack_of(move.to_revision), promotion) is not None
            replace_stale(promotion, version, reasons="; ".join(found.reasons), again=allowed)
    return move


@service
def close_move(move: PolicyMove, *, by: User, reason: str) -> PolicyMove:
    """Refuse a move; whoever asked takes it back the same way."""
    current = _reread_move(move.pk)
    permissions.can_close_move(by, current).enforce()
    own = by.person_id == current.asked_by.person_id
    state = MoveState.WITHDRAWN if own else MoveState.REFUSED
    closed = following.close_move(current, state, by=by, reason=demand_reason(reason))
    move_moved(closed, by=by)
    return closed


def _demand_may_confirm(by: User, move: PolicyMove) -> None:
    permissions.can_confirm_move(by, move, {}).enforce()
    barred = beneficiaries(pack_of(move.to_revision), move.project)
    permissions.can_confirm_move(by, move, barred).enforce()


def _demand_stages(project: Project, to: Revision) -> None:
    """A version must not stand in a stage that the new policy does not know."""
    known = {one.key for one in pack_of(to).stages}
    held = set(Version.objects.live().filter(model__project=project).values_list("stage", flat=True))
    lost = sorted(held - known)
    if lost:
        raise Refused(
            f"{to} has no stage {', '.join(lost)}, where versions of this project are. Move them first.",
            code="stage_lost",
        )


def _open_in(project: Project) -> list[tuple[UUID, UUID]]:
    rows = Promotion.objects.filter(version__model__project=project, state=PromotionState.OPEN)
    return list(rows.order_by("id").values_list("pk", "version_id"))


def _locked_project(project_id: UUID) -> Project:
    return (
        Project.objects.select_for_update(of=("self",))
        .select_related("policy_revision__pack")
        .get(pk=project_id)
    )


def _reread_move(move_id: UUID) -> PolicyMove:
    return (
        PolicyMove.objects.select_for_update(of=("self",))
        .select_related("project", "asked_by__owner", "from_revision__pack", "to_revision__pack")
        .get(pk=move_id)
    )
