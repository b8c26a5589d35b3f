"""Pages of kill criteria, rules or machine learning, the risk tier, and the platform."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.policies.queries import pack_of
from apps.projects import forms_framing as forms
from apps.projects import queries, services
from apps.projects.inventory import inventory_of
from apps.projects.permissions import Right, can


@login_required
@require_http_methods(["GET", "POST"])
def kill_criteria(request: SignedInRequest, slug: str) -> HttpResponse:
    """List what would stop the project; owners add criteria of its own."""
    project = queries.project_for(request.user, slug)
    form = forms.KillCriterionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, services.add_kill_criterion, project, by=request.user, **form.cleaned_data)
        if made is not None:
            messages.success(request, f"Added: {made}.")
            return redirect("projects:kill_criteria", slug=slug)
    context = {
        "project": project,
        "form": form,
        "policy_criteria": pack_of(project.policy_revision).method.framing.kill_criteria,
        "page": page_of(request, queries.own_kill_criteria_of(project)),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/kill_criteria.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def retire_kill_criterion(request: SignedInRequest, slug: str, pk: UUID) -> HttpResponse:
    """Retire a criterion of the project's own, with a reason."""
    project = queries.project_for(request.user, slug)
    criterion = queries.kill_criterion_for(request.user, pk)
    if criterion.project_id != project.pk:
        raise Http404
    decision = can(request.user, Right.MANAGE, project)
    decision.enforce()
    form = forms.RetireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, services.retire_kill_criterion, criterion, by=request.user, **form.cleaned_data)
        if done is not None:
            messages.success(request, f"Retired: {criterion}.")
            return redirect("projects:kill_criteria", slug=slug)
    context = {"project": project, "form": form, "criterion": criterion, "may_manage": decision}
    return page(request, "projects/retire_kill_criterion.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def approach(request: SignedInRequest, slug: str) -> HttpResponse:
    """Answer whether rules would do, and read what the answers come to."""
    project = queries.project_for(request.user, slug)
    framing = pack_of(project.policy_revision).method.framing
    rows = queries.approaches_of(project)
    newest = rows.first()
    form = forms.ApproachForm(framing.signals, request.POST or None, initial=queries.flat_answers(newest))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, services.answer_approach, project, answers=form.answers, notes=form.notes, by=request.user
        )
        if done is not None:
            messages.success(request, "The answers are saved.")
            return redirect("projects:approach", slug=slug)
    context = {
        "project": project,
        "form": form,
        "newest": newest,
        "recommendation": queries.recommendation_of(project, newest),
        "page": page_of(request, rows),
        "decision": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/approach.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def tier(request: SignedInRequest, slug: str) -> HttpResponse:
    """Rate the risk of the project; the tier chooses which gates apply."""
    project = queries.project_for(request.user, slug)
    tiers = pack_of(project.policy_revision).method.framing.tiers
    current = queries.tier_of(project)
    initial = {**current.answers, "reason": ""} if current else None
    form = forms.TierForm(tiers, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        done = attempt(form, services.set_tier, project, answers=form.answers, reason=reason, by=request.user)
        if done is not None:
            messages.success(request, f"The project is rated: {done}.")
            return redirect("projects:tier", slug=slug)
    context = {
        "project": project,
        "form": form,
        "tiers": tiers,
        "tier": current,
        "level": tiers.level(current.level) if current else None,
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/tier.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def platform(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the platform of the project: what is missing first."""
    project = queries.project_for(request.user, slug)
    context = {
        "project": project,
        "inventory": inventory_of(project),
        "decision": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/platform.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def component(request: SignedInRequest, slug: str, component: str) -> HttpResponse:
    """Say how one part of the platform stands."""
    project = queries.project_for(request.user, slug)
    part = inventory_of(project).part(component)
    if part is None:
        raise Http404
    members = [one.user for one in queries.members_of(project)]
    entry = part.entry
    initial = {**entry.__dict__, "owner": str(entry.owner_id or "")} if entry else {"state": part.state}
    form = forms.ComponentForm(members, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, services.note_component, project, component=component, by=request.user, **form.said
        )
        if done is not None:
            messages.success(request, f"Saved: {part.component.title}.")
            return redirect("projects:platform", slug=slug)
    context = {
        "project": project,
        "form": form,
        "part": part,
        "decision": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/component.html", context, status=422 if form.errors else 200)
