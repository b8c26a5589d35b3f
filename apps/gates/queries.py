"""Read promotion requests: one's own inbox, and the story of a version."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.gates import permissions
from apps.gates.enums import ParticipantKind, PromotionState
from apps.gates.models import Approval, Participant, Promotion, RequiredRole, Transition
from apps.policies.judge import State
from apps.projects.models import Membership
from apps.projects.queries import project_ids_for
from apps.registry.models import Version


def promotions_for(user: User) -> QuerySet[Promotion]:
    """Return the requests of the user's projects, newest first, with people and signatures."""
    return (
        Promotion.objects.filter(version__model__project__in=project_ids_for(user))
        .select_related(
            "version__model__project__policy_revision__pack",
            "version__run__started_by",
            "policy_revision__pack",
            "requested_by__owner",
            "snapshot",
        )
        .prefetch_related("required_roles", "participants__person", "approvals__person")
        .order_by("-id")
    )


def promotion_for(user: User, pk: UUID) -> Promotion:
    """Load a request; raises Http404 for a stranger."""
    found = promotions_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def approval_for(user: User, pk: UUID) -> Approval:
    """Load a signature of a request that the user may see; raises Http404 for a stranger."""
    found = (
        Approval.objects.filter(pk=pk, promotion__version__model__project__in=project_ids_for(user))
        .select_related("promotion__version__model__project", "person")
        .first()
    )
    if found is None:
        raise Http404
    return found


def promotions_of(version: Version) -> QuerySet[Promotion]:
    """Return the requests of one version, newest first."""
    return (
        version.promotions.select_related("requested_by__owner", "policy_revision__pack")
        .prefetch_related("approvals__person", "required_roles", "participants")
        .order_by("-id")
    )


def transitions_of(version: Version) -> QuerySet[Transition]:
    """Return the moves of a version, newest first."""
    return version.transitions.select_related("moved_by", "promotion", "because_of__version__model").order_by(
        "-sequence"
    )


@dataclass(frozen=True)
class Waiting:
    """A row of the inbox: the request, why it waits for this person, and what the gate said."""

    promotion: Promotion
    why: str
    signed: int
    needed: int

    @property
    def verdict(self) -> State:
        return State(self.promotion.verdict["state"])


def _waits_for(user: User) -> QuerySet[Promotion]:
    """Return the open requests that this person's role is needed for and that they may sign."""
    required = RequiredRole.objects.filter(promotion=OuterRef("pk")).filter(
        Exists(
            Membership.objects.filter(
                user=user, project=OuterRef("promotion__version__model__project"), role=OuterRef("role")
            )
        )
    )
    another_part = Participant.objects.filter(promotion=OuterRef("pk"), person=user).exclude(
        kind=ParticipantKind.APPROVER
    )
    signed = Approval.objects.filter(promotion=OuterRef("pk"), person=user, withdrawn_at__isnull=True)
    open_ones = Promotion.objects.filter(state=PromotionState.OPEN)
    return open_ones.filter(Exists(required)).filter(~Exists(another_part), ~Exists(signed))


def inbox_count(user: User) -> int:
    """Return how many requests wait for this person's signature; one query."""
    return _waits_for(user).count()


def inbox_for(user: User) -> list[Waiting]:
    """Return what waits for this person's signature, oldest first."""
    waiting = promotions_for(user).filter(pk__in=_waits_for(user).values("pk")).order_by("id")
    rows = []
    for promotion in waiting:
        role = next(
            (
                one.role
                for one in promotion.required_roles.all()
                if permissions.can_approve(user, promotion).role == one.role
            ),
            "",
        )
        rows.append(Waiting(promotion, f"You are {role}" if role else "", *_progress(promotion)))
    return rows


def asked_by(user: User) -> list[Waiting]:
    """Return the open requests that this person, or a service account of theirs, asked for."""
    asked = promotions_for(user).filter(
        state=PromotionState.OPEN, participants__person=user, participants__kind="requester"
    )
    return [Waiting(promotion, "You asked", *_progress(promotion)) for promotion in asked.order_by("id")]


def decided_for(user: User, *, limit: int = 10) -> list[Promotion]:
    """Return the requests of the user's projects that were closed last."""
    return list(promotions_for(user).exclude(state=PromotionState.OPEN).order_by("-closed_at")[:limit])


def _progress(promotion: Promotion) -> tuple[int, int]:
    live = [
        one for one in promotion.approvals.all() if one.withdrawn_at is None and one.decision == "approve"
    ]
    return len(live), sum(one.count for one in promotion.required_roles.all())
