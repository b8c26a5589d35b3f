"""The page of an obligation: read it, fulfil it, confirm it or send it back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.gates import permissions_conditions as permissions
from apps.gates import queries_conditions as queries
from apps.gates import services
from apps.gates.forms_conditions import AnswerForm, FulfilForm
from apps.gates.models import Obligation


def _shown(request: SignedInRequest, found: Obligation, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "obligation": found,
        "version": found.version,
        "project": found.version.model.project,
        "may_fulfil": permissions.can_fulfil(request.user, found),
        "may_answer": permissions.can_answer(request.user, found),
        "form": FulfilForm(),
        "answer_form": AnswerForm(),
        **forms,
    }
    return page(request, "gates/obligation.html", context, status=status)


@login_required
@require_GET
def obligation(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show what is owed, by whom, until when."""
    return _shown(request, queries.obligation_for(request.user, pk))


@login_required
@require_POST
def fulfil(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Say that it is done."""
    found = queries.obligation_for(request.user, pk)
    form = FulfilForm(request.POST)
    act = services.fulfil_obligation
    if form.is_valid() and attempt(form, act, found, by=request.user, **form.cleaned_data) is not None:
        messages.success(request, "An approver is asked to confirm it.")
        return redirect("gates:obligation", pk=pk)
    return _shown(request, found, status=422, form=form)


@login_required
@require_POST
def answer(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Confirm it, or send it back."""
    found = queries.obligation_for(request.user, pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        confirmed, text = form.cleaned_data["confirmed"] == "yes", form.cleaned_data["answer"]
        if attempt(
            form, services.answer_obligation, found, by=request.user, confirmed=confirmed, answer=text
        ):
            messages.success(request, "Confirmed." if confirmed else "Sent back to who owes it.")
            return redirect("gates:obligation", pk=pk)
    return _shown(request, found, status=422, answer_form=form)
