"""Pages of the problem brief: the whole, its steps, its revisions."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.errors import Conflict, Invalid
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.core.texts import whole_number
from apps.projects import briefs, queries, services
from apps.projects.forms_framing import StepForm
from apps.projects.models import Project
from apps.projects.permissions import Right, can


@login_required
@require_GET
def brief(request: SignedInRequest, slug: str) -> HttpResponse:
    """Read the whole brief, with what it lacks first."""
    project = queries.project_for(request.user, slug)
    current = queries.brief_of(project)
    content = briefs.content_of(current) if current else {}
    context = {
        "project": project,
        "brief": current,
        "progress": briefs.progress(current),
        "steps": [(step, briefs.lines_of(step, content)) for step in briefs.STEPS],
        "latest": queries.revisions_of(current).first() if current else None,
        "decision": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/brief.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def step(request: SignedInRequest, slug: str, key: str) -> HttpResponse:
    """Fill in one step; each save is a draft, and goes on to the next."""
    project = queries.project_for(request.user, slug)
    found, current = briefs.step_of(key), queries.brief_of(project)
    if found is None or current is None:
        raise Http404
    form = StepForm(found, request.POST or None, initial=current.__dict__)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        expect = fields.pop("lock_version")
        try:
            services.change_brief(project, by=request.user, expect=expect, **fields)
        except Conflict as error:
            return _conflict(request, project, found, error, fields)
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"Saved: {found.title}.")
            after = briefs.step_after(found)
            return (
                redirect("projects:brief_step", slug=slug, key=after.key)
                if after
                else redirect("projects:brief", slug=slug)
            )
    return _step_page(request, project, found, form, status=422 if form.errors else 200)


def _step_page(
    request: SignedInRequest, project: Project, found: briefs.Step, form: StepForm, **more: Any
) -> HttpResponse:
    status = more.pop("status", 200)
    decision = can(request.user, Right.CONTRIBUTE, project)
    if not decision:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "project": project,
        "step": found,
        "steps": briefs.STEPS,
        "number": briefs.STEPS.index(found) + 1,
        "is_last": briefs.step_after(found) is None,
        "form": form,
        "decision": decision,
        "may_manage": can(request.user, Right.MANAGE, project),
        **more,
    }
    return page(request, "projects/brief_step.html", context, status=status)


def _conflict(
    request: SignedInRequest, project: Project, found: briefs.Step, error: Conflict, fields: dict[str, Any]
) -> HttpResponse:
    """Show both texts side by side; what was typed stays, and one may save it again knowing theirs."""
    current = queries.brief_of(project)
    theirs = briefs.content_of(current) if current else {}
    data = request.POST.copy()
    data["lock_version"] = str(error.details["lock_version"])
    return _step_page(
        request,
        project,
        found,
        StepForm(found, data),
        status=error.status,
        conflict=error,
        differences=briefs.changes_between(theirs, fields, fields),
    )


@login_required
@require_GET
def revisions(request: SignedInRequest, slug: str) -> HttpResponse:
    """List the revisions, and show the difference between two of them (?older=&newer=)."""
    project = queries.project_for(request.user, slug)
    current = queries.brief_of(project)
    if current is None:
        raise Http404
    rows = queries.revisions_of(current)
    numbers = [_number(request.GET.get(name, "")) for name in ("older", "newer")]
    older, newer = (rows.filter(number=number).first() if number else None for number in numbers)
    if any(number and row is None for number, row in zip(numbers, (older, newer), strict=True)):
        raise Http404
    context = {
        "project": project,
        "page": page_of(request, rows),
        "choices": list(rows.values_list("number", flat=True)[:200]),
        "older": older,
        "newer": newer,
        "differences": briefs.changes_between(older.content, newer.content) if older and newer else None,
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/brief_revisions.html", context)


def _number(text: str) -> int | None:
    """Return the number of a revision; raises Http404 for what is none."""
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise Http404
    return number
