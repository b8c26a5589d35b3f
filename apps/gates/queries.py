"""Read promotion requests: one's own inbox, and the story of a version."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.gates.enums import REVIEW_LIVE, ParticipantKind, PromotionState, Purpose, ReviewState
from apps.gates.models import (
    Approval,
    Asked,
    Comment,
    Delegation,
    Participant,
    Promotion,
    RequiredRole,
    Review,
    Signer,
    Transition,
)
from apps.policies.judge import State
from apps.policies.queries import without_texts
from apps.projects.models import Membership, Project
from apps.projects.permissions import ROLES, Right
from apps.projects.queries import project_ids_for
from apps.registry.models import Version
from apps.registry.queries import version_for


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
        .defer(*without_texts("version__model__project__policy_revision"), *without_texts("policy_revision"))
        .prefetch_related(
            "required_roles", "participants__person", "approvals__person", "approvals__on_behalf_of"
        )
        .order_by("-id")
    )


def promotion_for(user: User, pk: UUID) -> Promotion:
    """Load a request; raises Http404 for a stranger."""
    found = promotions_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def promotion_to_print(pk: UUID) -> Promotion:
    """Load a request for a worker that has asked for the rights to it."""
    related = (
        "version__model__project__policy_revision__pack",
        "policy_revision__pack",
        "requested_by__owner",
    )
    return Promotion.objects.select_related(*related).get(pk=pk)


def record_name(promotion: Promotion) -> str:
    """Return what the PDF of a request's record is called."""
    version = promotion.version
    return f"approval-{version.model.slug}-v{version.number}-{promotion.to_stage}.pdf"


def approval_for(user: User, pk: UUID) -> Approval:
    """Load a signature of a request that the user may see; raises Http404 for a stranger."""
    found = (
        Approval.objects.filter(pk=pk, promotion__version__model__project__in=project_ids_for(user))
        .select_related(
            "promotion__version__model__project",
            "promotion__policy_revision__pack",
            "promotion__requested_by",
            "promotion__snapshot",
            "person",
            "on_behalf_of",
            "reauthentication",
        )
        .first()
    )
    if found is None:
        raise Http404
    return found


def promotions_in(project: Project) -> QuerySet[Promotion]:
    """Return the requests of a project, newest first, with what a list says of each; whoever asks may see the project."""
    return (
        Promotion.objects.filter(version__model__project=project)
        .select_related("version__model", "requested_by__owner")
        .order_by("-id")
    )


def promotions_of(version: Version) -> QuerySet[Promotion]:
    """Return the requests of one version with their signatures, newest first; their verdicts are not read."""
    return (
        version.promotions.select_related("requested_by__owner")
        .defer("verdict")
        .prefetch_related("approvals")
        .order_by("-id")
    )


def transitions_of(version: Version) -> QuerySet[Transition]:
    """Return the moves of a version, newest first."""
    return (
        version.transitions.select_related("moved_by", "promotion__break_glass", "because_of__version__model")
        .defer("promotion__verdict", "because_of__verdict")
        .order_by("-sequence")
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


def _needed_of(person: Any) -> Q:
    """Return the filter for requests that need a role which ``person`` holds, and whose duties leave them free."""
    required = RequiredRole.objects.filter(promotion=OuterRef("pk")).filter(
        Exists(
            Membership.objects.filter(
                user=person, project=OuterRef("promotion__version__model__project"), role=OuterRef("role")
            )
        )
    )
    return Q(Exists(required)) & _free(person)


def _free(person: Any) -> Q:
    another_part = Participant.objects.filter(promotion=OuterRef("pk"), person=person).exclude(
        kind=ParticipantKind.APPROVER
    )
    used_up = Signer.objects.filter(promotion=OuterRef("pk"), person=person, live=True)
    return Q(~Exists(another_part)) & Q(~Exists(used_up))


def _delegated_to(user: User) -> Q:
    """Return the filter for requests that this person may sign in somebody else's place now."""
    now = timezone.now()
    seats = Delegation.objects.filter(
        delegate=user,
        revoked_at__isnull=True,
        starts_at__lte=now,
        ends_at__gt=now,
        project=OuterRef("version__model__project"),
    )
    held = Membership.objects.filter(
        user=OuterRef("delegator"), project=OuterRef("project"), role=OuterRef("role")
    )
    needed = RequiredRole.objects.filter(promotion=OuterRef(OuterRef("pk")), role=OuterRef("role"))
    barred = Participant.objects.filter(
        promotion=OuterRef(OuterRef("pk")), person=OuterRef("delegator")
    ).exclude(kind=ParticipantKind.APPROVER)
    used_up = Signer.objects.filter(
        promotion=OuterRef(OuterRef("pk")), person=OuterRef("delegator"), live=True
    )
    runs = seats.filter(Exists(held), Exists(needed), ~Exists(barred), ~Exists(used_up))
    return Q(Exists(runs)) & _free(user)


def _waits_for(user: User) -> QuerySet[Promotion]:
    """Return the open requests that this person may sign, in their own seat or another's, and did not pass on."""
    passed_on = Asked.objects.filter(promotion=OuterRef("pk"), asked_by=user, passed_on=True)
    own = _needed_of(user) & Q(~Exists(passed_on))
    in_time = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    # Few sign for others, and every page counts what waits: asking is cheaper than the seven subqueries of a seat.
    seats = own | _delegated_to(user) if delegations_to(user).exists() else own
    return Promotion.objects.filter(in_time, state=PromotionState.OPEN).filter(seats)


def reviews_due_for(user: User) -> QuerySet[Review]:
    """Return the re-reviews that wait for a reviewer or risk officer of their project, the most urgent first."""
    signs = Membership.objects.filter(
        user=user, project=OuterRef("version__model__project"), role__in=ROLES[Right.APPROVE]
    )
    asked = Promotion.objects.filter(
        version=OuterRef("version"), purpose=Purpose.REVIEW, state=PromotionState.OPEN
    )
    return (
        Review.objects.filter(
            Exists(signs), ~Exists(asked), state__in=[ReviewState.OPEN, ReviewState.OVERDUE]
        )
        .select_related("version__model__project")
        .order_by("due_at")
    )


def inbox_count(user: User) -> int:
    """Return how many requests and re-reviews wait for this person."""
    return _waits_for(user).count() + reviews_due_for(user).count()


def waiting_for(user: User) -> QuerySet[Promotion]:
    """Return the requests that wait for this person's signature, oldest first."""
    return promotions_for(user).filter(pk__in=_waits_for(user).values("pk")).order_by("id")


def inbox_of(user: User, waiting: list[Promotion]) -> list[Waiting]:
    """Return why each request waits for this person; a fixed number of queries, none where nothing waits."""
    if not waiting:
        return []
    roles = dict(Membership.objects.filter(user=user).values_list("project_id", "role"))
    by_name = set(
        Asked.objects.filter(promotion__in=waiting, person=user).values_list("promotion_id", flat=True)
    )
    lent = {(one.project_id, one.role): one for one in delegations_to(user)}
    return [Waiting(one, _why(one, roles, lent, asked=one.pk in by_name), *_progress(one)) for one in waiting]


def _why(
    promotion: Promotion, roles: dict[UUID, str], lent: dict[tuple[UUID, str], Delegation], *, asked: bool
) -> str:
    project_id = promotion.version.model.project_id
    needed = [one.role for one in promotion.required_roles.all()]
    if asked:
        return "You were asked by name"
    if roles.get(project_id) in needed:
        return f"You are {roles[project_id]}"
    seat = next((lent[project_id, role] for role in needed if (project_id, role) in lent), None)
    return f"You sign for {seat.delegator}, {seat.role}" if seat else ""


def delegations_to(user: User) -> QuerySet[Delegation]:
    """Return the delegations by which this person signs for others now."""
    now = timezone.now()
    return Delegation.objects.filter(
        delegate=user, revoked_at__isnull=True, starts_at__lte=now, ends_at__gt=now
    ).select_related("delegator", "project")


def delegations_of(project: Project) -> QuerySet[Delegation]:
    """Return the delegations of a project, newest first."""
    return (
        Delegation.objects.filter(project=project)
        .select_related("delegator", "delegate", "project")
        .order_by("-id")
    )


def delegation_for(user: User, pk: UUID) -> Delegation:
    """Load a delegation of a project that the user may see; raises Http404 for a stranger."""
    found = (
        Delegation.objects.filter(pk=pk, project__in=project_ids_for(user))
        .select_related("delegator", "delegate", "project")
        .first()
    )
    if found is None:
        raise Http404
    return found


def thread_of(promotion: Promotion) -> QuerySet[Comment]:
    """Return the comments of a request in the order they were written."""
    return promotion.comments.select_related("author__owner", "answers__author").order_by("id")


def comment_in(promotion: Promotion, pk: UUID | None) -> Comment | None:
    """Return the comment of this request with this id, to answer it; raises Http404 when it is not there."""
    if pk is None:
        return None
    found = promotion.comments.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def review_for(user: User, pk: UUID) -> Review:
    """Load a re-review; raises Http404 for a stranger."""
    found = (
        Review.objects.filter(pk=pk, version__model__project__in=project_ids_for(user))
        .select_related(
            "version__model__project__policy_revision__pack", "promotion__requested_by__owner", "found_by"
        )
        .first()
    )
    if found is None:
        raise Http404
    return found


def reviews_for(user: User, version_id: UUID) -> QuerySet[Review]:
    """Return the re-reviews of a version, newest first; raises Http404 for a stranger."""
    return version_for(user, version_id).reviews.order_by("-id")


def review_of(version: Version) -> Review | None:
    """Return until when the approval of a version is valid, where its gate sets that."""
    return version.reviews.filter(state__in=REVIEW_LIVE).first()


def overdue_in(project: Project) -> list[Review]:
    """Return the overdue re-reviews of a project, the oldest first."""
    late = Review.objects.filter(version__model__project=project, state=ReviewState.OVERDUE)
    return list(late.select_related("version__model").order_by("due_at"))


def asked_by(user: User) -> QuerySet[Promotion]:
    """Return the open requests that this person, or a service account of theirs, asked for; oldest first."""
    asked = promotions_for(user).filter(
        state=PromotionState.OPEN, participants__person=user, participants__kind="requester"
    )
    return asked.order_by("id")


def followed(asked: list[Promotion]) -> list[Waiting]:
    """Return how far each request has come that somebody asked for."""
    return [Waiting(promotion, "You asked", *_progress(promotion)) for promotion in asked]


def decided_for(user: User, *, limit: int = 10) -> list[Promotion]:
    """Return the requests of the user's projects that were closed last."""
    # Which they are is asked before all of them is joined: such a query takes as long to plan as to run.
    mine = Promotion.objects.filter(version__model__project__in=project_ids_for(user))
    newest = mine.exclude(state=PromotionState.OPEN).order_by("-closed_at").values_list("pk", flat=True)
    found = list(newest[:limit])
    return list(promotions_for(user).filter(pk__in=found).order_by("-closed_at")) if found else []


def _progress(promotion: Promotion) -> tuple[int, int]:
    live = [
        one for one in promotion.approvals.all() if one.withdrawn_at is None and one.decision == "approve"
    ]
    return len(live), sum(one.count for one in promotion.required_roles.all())
