"""Pages of a project's policy, and of what a draft would change."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.confirming import confirmation_of
from apps.accounts.forms import ConfirmedForm
from apps.accounts.requests import SignedInRequest
from apps.accounts.views import proof_from
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.gates import forms_exceptions as forms
from apps.gates import permissions_policy as permissions
from apps.gates import queries_policy as queries
from apps.gates import services
from apps.gates.forms_policy import AskMoveForm
from apps.gates.impact import project_impact
from apps.jobs.queries import can_change
from apps.jobs.services import enqueue
from apps.policies.permissions import can_draft
from apps.policies.queries import draft_for, faulty_lines
from apps.projects.models import PolicyMove, Project
from apps.projects.queries import project_for


@login_required
@require_http_methods(["GET", "POST"])
def policy(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show which revision a project follows and what another would change; an owner asks to move."""
    project = project_for(request.user, slug)
    revisions = queries.others(project)
    initial = {"revision_id": request.GET.get("to", "")}
    form = AskMoveForm(request.POST or None, revisions=revisions, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        to, reason = form.revision, fields["reason"]
        if attempt(form, services.ask_move, project, to=to, reason=reason, by=request.user):
            messages.success(request, "The move waits for a risk officer to confirm it.")
            return redirect("gates:policy", slug=slug)
    wanted = next((one for one in revisions if str(one.pk) == request.GET.get("to")), None)
    preview = {"wanted": wanted, "rows": project_impact(project, wanted)} if wanted else {}
    return _policy_page(request, project, form=form, **preview)


def _policy_page(request: SignedInRequest, project: Project, **given: Any) -> HttpResponse:
    waiting = queries.waiting_move(project)
    barred = queries.barred_from(waiting) if waiting else {}
    context = {
        "project": project,
        "may_ask": permissions.can_ask_move(request.user, project),
        "others": queries.others(project),
        "waiting": waiting,
        "consequences": project_impact(project, waiting.to_revision) if waiting else [],
        "moves": queries.moves_of(project),
        "grant_form": ConfirmedForm(asked=confirmation_of(request.user)),
        "why_form": forms.WhyForm(),
        **given,
    }
    if waiting:
        context["may_confirm"] = permissions.can_confirm_move(request.user, waiting, barred)
        context["may_close"] = permissions.can_close_move(request.user, waiting)
        context["barred"] = queries.names_of(barred)
    bad = any(given[name].errors for name in ("form", "grant_form", "why_form") if name in given)
    context.setdefault("form", AskMoveForm(revisions=context["others"]))
    return page(request, "gates/policy.html", context, status=422 if bad else 200)


def _move(request: SignedInRequest, pk: UUID) -> PolicyMove:
    return queries.move_for(request.user, pk)


@login_required
@require_POST
def confirm_move(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Confirm a move with a proof."""
    move = _move(request, pk)
    form = ConfirmedForm(request.POST, asked=confirmation_of(request.user))
    if form.is_valid():
        proof = proof_from(request, form.cleaned_data)
        if attempt(form, services.confirm_move, move, by=request.user, proof=proof):
            messages.success(request, f"The project follows {move.to_revision} now.")
            return redirect("gates:policy", slug=move.project.slug)
    return _policy_page(request, move.project, grant_form=form)


@login_required
@require_POST
def close_move(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Refuse a move, or take it back."""
    move = _move(request, pk)
    form = forms.WhyForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    if reason and attempt(form, services.close_move, move, by=request.user, reason=reason):
        messages.success(request, "The move is closed.")
        return redirect("gates:policy", slug=move.project.slug)
    return _policy_page(request, move.project, why_form=form)


@login_required
@require_http_methods(["GET", "POST"])
def preview(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show what a draft would change; a worker judges it, as it may be long."""
    draft = draft_for(request.user, pk)
    may = can_draft(request.user)
    if request.method == "POST":
        may.enforce()
        if faulty_lines(draft.source):
            messages.error(request, "The text has faults; mend them first.")
            return redirect("policies:draft", pk=pk)
        args = {"draft": str(pk), "lock_version": draft.lock_version}
        path = reverse("gates:preview_policy", args=[pk])
        enqueue("gates.preview_policy", args, by=request.user, subject_url=path)
        return redirect(path)
    job = queries.newest_preview(draft)
    context = {
        "draft": draft,
        "job": job,
        "may": may,
        "may_change_job": job and can_change(request.user, job),
        "impact": queries.shown_impact(request.user, job),
    }
    return page(request, "gates/preview.html", context)
