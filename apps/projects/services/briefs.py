"""What is done to problem briefs: every save is a revision, and nobody's is lost to somebody else's."""

from typing import Any

from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Conflict, Invalid
from apps.projects.briefs import CHOICES, FIELDS, changes_between, content_of
from apps.projects.models import Brief, BriefRevision, Project
from apps.projects.permissions import Right, can


@service
def begin_brief(project: Project, *, by: User) -> Brief:
    """Give a new project its empty brief, which is revision 1."""
    brief = Brief.objects.create(project=project)
    audit.record("projects.brief_started", brief, by=by, project_id=project.pk)
    _keep(brief, changed=[], by=by)
    return brief


@service
def change_brief(project: Project, *, by: User, expect: int | None = None, **fields: Any) -> Brief:
    """Fill in the problem brief (M1.1). Each change of the fairness promise dates it anew (M9.1).

    Raises Conflict with the fields that differ when ``expect`` is not the brief's version any more.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    brief = Brief.objects.select_for_update(of=("self",)).get(project=project)
    _demand_known(fields)
    if expect is not None and brief.lock_version != expect:
        raise _conflict(brief, fields)
    changed = sorted(name for name, value in fields.items() if getattr(brief, name) != value)
    if not changed:
        return brief
    written = {name: fields[name] for name in changed}
    if {"fairness_metric", "fairness_threshold"} & set(changed):
        metric, threshold = (
            written.get(name, getattr(brief, name)) for name in ("fairness_metric", "fairness_threshold")
        )
        written["fairness_declared_at"] = Now() if metric and threshold is not None else None
    governed.change(brief, **written)
    audit.record("projects.brief_changed", brief, by=by, project_id=project.pk, fields=", ".join(changed))
    _keep(brief, changed=changed, by=by)
    return brief


def _keep(brief: Brief, *, changed: list[str], by: User) -> BriefRevision:
    return BriefRevision.objects.create(
        brief=brief, number=brief.lock_version, content=content_of(brief), changed=changed, author=by
    )


def _demand_known(fields: dict[str, Any]) -> None:
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise Invalid(f"The brief has no field {', '.join(unknown)}.", code="unknown_field")
    for name, choices in CHOICES.items():
        if fields.get(name) and fields[name] not in choices.values:
            raise Invalid(f"{name}: choose one of {', '.join(choices.values)}.", code="unknown_choice")


def _conflict(brief: Brief, fields: dict[str, Any]) -> Conflict:
    """Return the error that shows both texts; ``difference`` has what is stored beside what was sent."""
    newest = brief.revisions.select_related("author").order_by("-number").first()
    changes = changes_between(content_of(brief), fields, fields)
    who = str(newest.author) if newest else "Somebody else"
    return Conflict(
        f"{who} changed this brief meanwhile. Compare both texts, then send yours again for version "
        f"{brief.lock_version}, or keep theirs.",
        code="changed_meanwhile",
        lock_version=brief.lock_version,
        changed_by=who,
        difference=[
            {"field": one.name, "theirs": getattr(brief, one.name), "yours": fields[one.name]}
            for one in changes
        ],
    )
