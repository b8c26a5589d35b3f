"""Read findings."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.findings.enums import FindingKind, FindingState
from apps.findings.models import Decision, Finding, Judged
from apps.policies.queries import without_texts
from apps.projects.models import Membership, Project
from apps.projects.permissions import ROLES, Right
from apps.projects.queries import project_ids_for

#: In the order in which a page tells them.
_PLACES = {FindingState.STOPPED: 0, FindingState.OPEN: 1, FindingState.SET_ASIDE: 2, FindingState.GONE: 3}


def findings_for(user: User) -> QuerySet[Finding]:
    """Return the findings of the user's projects with what was decided, newest first."""
    decisions = Prefetch("decisions", Decision.objects.select_related("decided_by").order_by("-id"))
    return (
        Finding.objects.filter(project__in=project_ids_for(user))
        .select_related("project__policy_revision", "version__model")
        .defer(*without_texts("project__policy_revision"))
        .prefetch_related(decisions)
        .order_by("-id")
    )


def finding_for(user: User, pk: UUID) -> Finding:
    """Load a finding; raises Http404 for a stranger."""
    found = findings_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Standing:
    """What is found wrong with a project now."""

    kills: list[Finding] = field(default_factory=list)
    mistakes: list[Finding] = field(default_factory=list)
    gone: list[Finding] = field(default_factory=list)
    judged: Judged | None = None

    @property
    def stopped(self) -> Finding | None:
        """The kill criterion for which the project is stopped."""
        return next((one for one in self.kills if one.state == FindingState.STOPPED), None)

    @property
    def undecided(self) -> list[Finding]:
        """The kill criteria that hold and wait for a decision."""
        return [one for one in self.kills if one.state == FindingState.OPEN]

    @property
    def open_mistakes(self) -> list[Finding]:
        return [one for one in self.mistakes if one.state == FindingState.OPEN]


def standing_of(project: Project, *, with_gone: bool = False) -> Standing:
    """Return the findings of a project, the gravest first; three queries."""
    found = (
        Finding.objects.filter(project=project)
        .select_related("version__model")
        .prefetch_related(
            Prefetch("decisions", Decision.objects.select_related("decided_by").order_by("-id"))
        )
        .order_by("-id")
    )
    alive = sorted(found.exclude(state=FindingState.GONE), key=lambda one: _PLACES[FindingState(one.state)])
    gone = list(found.filter(state=FindingState.GONE)[:20]) if with_gone else []
    return Standing(
        [one for one in alive if one.kind == FindingKind.KILL],
        [one for one in alive if one.kind == FindingKind.MISTAKE],
        gone,
        Judged.objects.filter(project=project).first(),
    )


def kills_to_decide_for(user: User) -> QuerySet[Finding]:
    """Return the kill criteria that wait for this person's decision, oldest first."""
    if not user.is_person:
        return Finding.objects.none()
    mine = Membership.objects.filter(user=user, role__in=ROLES[Right.DECIDE]).values("project")
    return (
        Finding.objects.filter(project__in=mine, kind=FindingKind.KILL, state=FindingState.OPEN)
        .select_related("project", "version__model")
        .order_by("id")
    )


def facts_of(project: Project) -> dict[str, Any]:
    """Return what gates may ask: whether the project is stopped, and which kill criteria nobody decided; one query."""
    rows = Finding.objects.filter(
        Q(state=FindingState.STOPPED) | Q(state=FindingState.OPEN),
        project=project,
        kind=FindingKind.KILL,
    ).values_list("key", "state")
    states = dict(rows)
    return {
        "stopped": FindingState.STOPPED in states.values(),
        "kills_undecided": sorted(key for key, state in states.items() if state == FindingState.OPEN),
    }
