"""Who may make an exception. Pages, API and services ask the same functions."""

from django.db.models.functions import Now

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.core.rows import rows_of
from apps.gates.enums import PostmortemState, WaiverPart, WaiverState
from apps.gates.models import Postmortem, Waiver
from apps.gates.moving import previous_of
from apps.gates.permissions_conditions import blocking_obligations, stopped_by
from apps.policies.exceptions import Exceptions
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.projects.permissions import Right, can, role_of
from apps.registry.enums import PRODUCTION
from apps.registry.models import Model, Version
from apps.registry.permissions import not_retired


def demand_role(user: User, project: Project, roles: tuple[str, ...], act: str) -> Decision:
    """Decide whether a person has one of the roles that the policy names for an act."""
    if not user.is_person:
        return denied(f"Only a person can {act}; a token cannot.", code="person_needed")
    role = role_of(user, project.pk)
    if role in roles:
        return ALLOWED
    wanted = " or ".join(roles) or "nobody"
    have = f"you are {role} here" if role else "you have no role here"
    return denied(f"By this project's policy {wanted} may {act}; {have}.")


def can_ask_waiver(user: User, version: Version) -> Decision:
    """Whoever may ask for a promotion may ask for a waiver; the answer is somebody else's."""
    return can(user, Right.REQUEST, version.model.project)


def can_grant_waiver(user: User, waiver: Waiver) -> Decision:
    """Decide whether a person may grant: the role that the policy names, and no part in the version."""
    decision = demand_role(user, waiver.version.model.project, (waiver.granted_by_role,), "grant waivers")
    if not decision:
        return decision
    if waiver.state != WaiverState.ASKED:
        return not_now(f"This waiver is {waiver.get_state_display().lower()}.", code="closed")
    for party in waiver.parties.all():
        if party.person_id == user.pk and party.kind != WaiverPart.GRANTER:
            return denied(f"{party.because}, so someone else must grant it.", code="own_work")
    return ALLOWED


def can_refuse_waiver(user: User, waiver: Waiver) -> Decision:
    """Who asked takes a waiver back; who may grant waivers refuses it."""
    if waiver.state != WaiverState.ASKED:
        return not_now(f"This waiver is {waiver.get_state_display().lower()}.", code="closed")
    if waiver.asked_by.person_id == user.person_id:
        return ALLOWED
    return demand_role(user, waiver.version.model.project, (waiver.granted_by_role,), "refuse waivers")


def can_revoke_waiver(user: User, waiver: Waiver) -> Decision:
    """Who may grant waivers, or owns the project, ends one."""
    if waiver.state != WaiverState.GRANTED:
        return not_now(f"This waiver is {waiver.get_state_display().lower()}.", code="closed")
    roles = tuple(dict.fromkeys((waiver.granted_by_role, "owner")))
    return demand_role(user, waiver.version.model.project, roles, "revoke waivers")


def _rules(version: Version) -> Exceptions:
    return pack_of(version.model.project.policy_revision).exceptions


def rollback_possible(version: Version) -> Decision:
    """Decide whether there is a version to go back to, and whether the policy has the way."""
    if version.stage != PRODUCTION:
        return not_now(
            f"{version} is in {version.stage}; only a version in production is rolled back.", code="not_there"
        )
    previous = previous_of(version)
    if previous is None:
        return not_now(
            f"No version was in production before {version}, so there is none to go back to. Suspend it instead.",
            code="no_previous",
        )
    way = pack_of(version.model.project.policy_revision).transition(previous.stage, PRODUCTION)
    if way is None or way.kind != "rollback":
        return not_now(
            f"{previous} is in {previous.stage}, and this project's policy has no rollback from there. "
            "Suspend this version, or move the project to a policy that has one.",
            code="no_way_back",
        )
    return ALLOWED


def can_roll_back(user: User, version: Version) -> Decision:
    """Decide whether a person may roll a version back now."""
    return demand_role(
        user, version.model.project, _rules(version).rollback.roles, "roll back"
    ) and rollback_possible(version)


def suspension_possible(version: Version) -> Decision:
    """Decide whether a version can be taken out of production."""
    if version.stage != PRODUCTION:
        return not_now(
            f"{version} is in {version.stage}; only a version in production is suspended.", code="not_there"
        )
    if pack_of(version.model.project.policy_revision).way_out("suspend") is None:
        return not_now("This project's policy has no transition of kind suspend.", code="no_way_out")
    return ALLOWED


def can_suspend(user: User, version: Version) -> Decision:
    """Those who may roll back may suspend."""
    return demand_role(
        user, version.model.project, _rules(version).rollback.roles, "suspend a version"
    ) and suspension_possible(version)


def can_break_glass(user: User, version: Version) -> Decision:
    """Decide whether a person may promote past the gate; an overdue postmortem of the last time forbids it."""
    roles = _rules(version).break_glass.roles
    return (
        demand_role(user, version.model.project, roles, "break the glass")
        and not_retired(version.model)
        and nothing_late(version.model)
    )


def is_past_a_gate(kind: str) -> Decision:
    """Decide whether a transition is one that a gate guards against promotion."""
    if kind != "promote":
        return not_now("This move needs no signatures; ask for it in the ordinary way.", code="not_needed")
    return ALLOWED


def nothing_late(model: Model) -> Decision:
    """Decide whether promotions of a model go on: what blocks them and is overdue stops them.

    That is a postmortem of its project, or an obligation of an earlier approval of the model.
    """
    late = rows_of(
        postmortems=Postmortem.objects.filter(
            version__model__project=model.project_id,
            state=PostmortemState.OPEN,
            blocks=True,
            due_at__lt=Now(),
        )
        .select_related("version__model", "owner")
        .order_by("due_at"),
        obligations=blocking_obligations(model),
    )
    for postmortem in late["postmortems"]:
        return not_now(
            f"A postmortem of an exception for {postmortem.version} was due on {postmortem.due_at:%Y-%m-%d} and is open; "
            f"{postmortem.owner} answers for it. Until it is closed, nothing is promoted in this project.",
            code="postmortem_overdue",
        )
    for obligation in late["obligations"]:
        return stopped_by(obligation)
    return ALLOWED


def can_close_postmortem(user: User, postmortem: Postmortem) -> Decision:
    """An owner, reviewer or risk officer closes a postmortem, but not who caused what is reviewed."""
    if postmortem.state != PostmortemState.OPEN:
        return not_now("This postmortem is closed already.", code="closed")
    if postmortem.caused_by_id is not None and postmortem.caused_by_id == user.person_id:
        return denied("What you did is reviewed here, so someone else must close it.", code="own_work")
    return demand_role(
        user, postmortem.version.model.project, ("owner", "reviewer", "risk"), "close postmortems"
    )
