"""What is done with findings: found, set aside, returned, gone; and projects that are stopped."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.clock import today
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.core.reasons import demand_reason
from apps.findings.enums import MOVES, Choice, FindingKind, FindingState
from apps.findings.judging import Judgement, judge_project
from apps.findings.models import Decision, Finding, Judged
from apps.findings.permissions import can_decide
from apps.notifications.announcing import announce
from apps.policies.queries import pack_of
from apps.projects.enums import Role
from apps.projects.models import Project


def alive(project: Project) -> QuerySet[Finding]:
    """Return the findings of a project that are not gone."""
    return Finding.objects.filter(project=project).exclude(state=FindingState.GONE)


@service
def look_at(project: Project) -> dict[str, int]:
    """Judge every rule on a project and write what was found, what is gone, and what has returned.

    Where evidence is missing nothing changes: a finding is gone when the evidence says so, and not for want of it.
    """
    Judged.objects.bulk_create([Judged(project=project)], ignore_conflicts=True)
    turn = Judged.objects.select_for_update().get(project=project)
    judged = judge_project(project)
    known = {(one.kind, one.key): one for one in alive(project).select_for_update(of=("self",))}
    counts = {"found": 0, "gone": 0, "returned": 0}
    for one in judged:
        finding = known.pop((one.rule.kind, one.rule.key), None)
        if finding is None:
            counts["found"] += _find_if_so(project, one)
        elif one.clears(finding.version_id) and finding.state != FindingState.STOPPED:
            _go(finding)
            counts["gone"] += 1
        else:
            counts["returned"] += _return_if_over(finding)
    for finding in known.values():
        # Who retires a criterion that holds has not decided about it: somebody still must.
        if finding.kind != FindingKind.KILL or finding.state == FindingState.SET_ASIDE:
            _go(finding)
            counts["gone"] += 1
    turn.at, turn.said = timezone.now(), [one.to_json() for one in judged]
    turn.save()
    return counts


def _find_if_so(project: Project, judged: Judgement) -> bool:
    if not judged.holds:
        return False
    criterion, kind = judged.rule.criterion, judged.rule.kind
    finding = Finding.objects.create(
        project=project,
        version=judged.version,
        kind=kind,
        key=judged.rule.key,
        title=criterion.title,
        remedy=criterion.remedy,
        method=criterion.method,
        seen=judged.verdict.to_json(),
    )
    reason = judged.verdict.reason
    audit.record(
        "findings.found", finding, by=None, project_id=project.pk, key=finding.key, sort=kind, reason=reason
    )
    _tell_open(finding)
    return True


def _tell_open(finding: Finding) -> None:
    """Tell who mends a mistake of it, and who decides about a kill criterion."""
    if finding.kind == FindingKind.KILL:
        _tell("findings.kill_holds", finding, [Role.OWNER, Role.RISK])
    else:
        _tell("findings.mistake_found", finding, [Role.OWNER, Role.CONTRIBUTOR])


def _tell(kind: str, finding: Finding, roles: list[Role], *, by: User | None = None, **data: Any) -> None:
    project = finding.project
    people = [one.user for one in project.memberships.filter(role__in=roles).select_related("user__owner")]
    link = reverse("findings:project", args=[project.slug])
    announce(
        kind, finding, project=project, to=people, by=by, link=link, **{"remedy": finding.remedy, **data}
    )


def _move(finding: Finding, state: FindingState, **fields: Any) -> None:
    """The only assignment to a finding's state."""
    if state not in MOVES[finding.state]:
        not_now(
            f"This finding is {finding.get_state_display().lower()}; that cannot be done with it now.",
            code="wrong_state",
        ).enforce()
    governed.change(finding, state=state, **{"until": None, **fields})


def _go(finding: Finding) -> None:
    _move(finding, FindingState.GONE, gone_at=Now())
    audit.record("findings.gone", finding, by=None, project_id=finding.project_id, key=finding.key)


def _return_if_over(finding: Finding) -> bool:
    if finding.state != FindingState.SET_ASIDE or finding.until is None or finding.until >= today():
        return False
    _move(finding, FindingState.OPEN)
    audit.record("findings.returned", finding, by=None, project_id=finding.project_id, key=finding.key)
    _tell_open(finding)
    return True


def decide(
    finding: Finding,
    *,
    choice: str,
    reason: str,
    by: User,
    until: date | None = None,
    expect: int | None = None,
) -> Decision:
    """Write a person's decision about a finding: to go on until a day, or to stop the project."""
    if choice not in Choice.values:
        raise Invalid(f"Choose {' or '.join(Choice.values)}, not “{choice[:40]}”.", code="unknown_choice")
    if choice == Choice.STOP:
        return stop_project(finding, reason=reason, by=by, expect=expect)
    return set_aside(finding, reason=reason, until=until, by=by, expect=expect)


@service
def set_aside(
    finding: Finding, *, reason: str, until: date | None, by: User, expect: int | None = None
) -> Decision:
    """Go on in spite of a finding until a day, with a reason; the project goes on if it was stopped for it."""
    current = _locked(finding, by, reason, expect)
    longest = pack_of(current.project.policy_revision).method.findings.longest_days
    last = today() + timedelta(days=longest)
    if until is None or not today() < until <= last:
        given = f"; {until} is not" if until else ""
        raise Invalid(
            f"A finding is set aside until a day after today, by {last} at the latest ({longest} days){given}.",
            code="bad_until",
            field="until",
        )
    _move(current, FindingState.SET_ASIDE, until=until)
    decision = _decide(current, Choice.GO_ON, reason, by=by, until=until)
    audit.record(
        "findings.set_aside",
        current,
        by=by,
        project_id=current.project_id,
        key=current.key,
        reason=decision.reason,
        until=until.isoformat(),
    )
    return decision


@service
def stop_project(finding: Finding, *, reason: str, by: User, expect: int | None = None) -> Decision:
    """Stop the project because a kill criterion holds: gates stay shut until somebody decides to go on."""
    current = _locked(finding, by, reason, expect)
    if current.kind != FindingKind.KILL:
        raise Invalid(
            "Only a kill criterion stops a project; a mistake is mended or set aside.", code="no_kill"
        )
    _move(current, FindingState.STOPPED)
    decision = _decide(current, Choice.STOP, reason, by=by)
    audit.record(
        "findings.project_stopped",
        current,
        by=by,
        project_id=current.project_id,
        key=current.key,
        reason=decision.reason,
    )
    _tell("findings.project_stopped", current, list(Role), by=by, reason=decision.reason)
    return decision


def _locked(finding: Finding, by: User, reason: str, expect: int | None) -> Finding:
    can_decide(by, finding.project).enforce()
    demand_reason(reason, ask="Give the reason")
    current = (
        Finding.objects.select_for_update(of=("self",))
        .select_related("project__policy_revision")
        .get(pk=finding.pk)
    )
    governed.demand_version(current, expect)
    return current


def _decide(
    finding: Finding, choice: Choice, reason: str, *, by: User, until: date | None = None
) -> Decision:
    return Decision.objects.create(
        finding=finding, choice=choice, reason=reason.strip(), until=until, decided_by=by
    )
