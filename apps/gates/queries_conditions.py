"""Read conditional approvals: what a version is bound to, what is broken, what people owe."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404

from apps.accounts.models import User
from apps.core.rows import rows_of
from apps.gates.enums import OBLIGATION_OWED, BreachState, ConditionState, ObligationState
from apps.gates.models import Breach, Condition, Obligation, Promotion
from apps.projects.enums import Role
from apps.projects.models import Membership, Project
from apps.projects.permissions import ROLES, Right
from apps.projects.queries import project_ids_for
from apps.registry.models import Version


def conditions_for(user: User) -> QuerySet[Condition]:
    """Return the conditions of the user's projects, newest first, with the breach that goes on in ``going_on``."""
    return _conditions().filter(version__model__project__in=project_ids_for(user))


def _conditions() -> QuerySet[Condition]:
    going_on = Prefetch("breaches", Breach.objects.filter(state=BreachState.OPEN), to_attr="going_on")
    return (
        Condition.objects.select_related("version__model__project", "approval__person")
        .prefetch_related(going_on)
        .order_by("-id")
    )


def obligations_for(user: User) -> QuerySet[Obligation]:
    """Return the obligations of the user's projects, newest first."""
    return _obligations().filter(version__model__project__in=project_ids_for(user))


def _obligations() -> QuerySet[Obligation]:
    return Obligation.objects.select_related(
        "version__model__project__policy_revision",
        *("owner", "approval__person", "fulfilled_by__owner", "answered_by__owner"),
    ).order_by("-id")


def obligation_for(user: User, pk: UUID) -> Obligation:
    """Load an obligation; raises Http404 for a stranger."""
    found = obligations_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class TermsShown:
    """What a page shows of conditional approvals."""

    conditions: list[Condition]
    obligations: list[Obligation]

    def __bool__(self) -> bool:
        return bool(self.conditions or self.obligations)


def terms_of_request(promotion: Promotion) -> TermsShown:
    """Return what the live signatures of a request are bound to; the next signer reads it first."""
    live = {"promotion": promotion, "approval__withdrawn_at__isnull": True}
    return TermsShown(
        list(_conditions().filter(**live).order_by("id")),
        list(_obligations().filter(**live).order_by("due_at")),
    )


def terms_of_version(version: Version) -> TermsShown:
    """Return the conditions in force of a version, and its obligations but those that never came into force."""
    return TermsShown(**rows_of(**term_rows(version)))


def term_rows(version: Version) -> dict[str, QuerySet[Any]]:
    """Return the rows of a version's ``TermsShown`` by field, to be read together with others."""
    hidden = [ObligationState.PROPOSED, ObligationState.DROPPED]
    return {
        "conditions": _conditions().filter(version=version, state=ConditionState.IN_FORCE).order_by("id"),
        "obligations": _obligations().filter(version=version).exclude(state__in=hidden).order_by("due_at"),
    }


def open_breaches() -> QuerySet[Breach]:
    """Return the breaches that go on, in all projects, the oldest first."""
    return (
        Breach.objects.filter(state=BreachState.OPEN)
        .select_related("condition__version__model__project")
        .order_by("id")
    )


def breaches_to_mind(user: User) -> QuerySet[Breach]:
    """Return the breaches in projects that the user owns, or where they approve."""
    minds = Membership.objects.filter(
        user=user,
        project=OuterRef("condition__version__model__project"),
        role__in=[Role.OWNER, *ROLES[Right.APPROVE]],
    )
    return open_breaches().filter(Exists(minds))


def overdue_obligations() -> QuerySet[Obligation]:
    """Return what is owed and overdue, in all projects, the oldest first."""
    late = _obligations().filter(state__in=OBLIGATION_OWED, due_at__lt=Now())
    return late.order_by("due_at")


def obligations_of_project(user: User, project: Project) -> QuerySet[Obligation]:
    """Return the obligations of a project that came into force, newest first."""
    hidden = [ObligationState.PROPOSED, ObligationState.DROPPED]
    return obligations_for(user).filter(version__model__project=project).exclude(state__in=hidden)


def obligations_to_act_on(user: User) -> QuerySet[Obligation]:
    """Return what the user owes, and what they may confirm, the most urgent first."""
    approves = Membership.objects.filter(
        user=user, project=OuterRef("version__model__project"), role__in=ROLES[Right.APPROVE]
    )
    owes = Q(owner=user, state=ObligationState.OPEN)
    others = Q(Exists(approves), state=ObligationState.FULFILLED) & ~Q(owner=user) & ~Q(fulfilled_by=user)
    return obligations_for(user).filter(owes | others).order_by("due_at")
