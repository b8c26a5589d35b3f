"""Pages of rollback, suspension, break-glass, and their postmortems."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.accounts.confirming import confirmation_of
from apps.accounts.requests import SignedInRequest
from apps.accounts.views import proof_from
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.gates import forms_exceptions as forms
from apps.gates import permissions_exceptions as permissions
from apps.gates import queries_exceptions as queries
from apps.gates import services
from apps.gates.acting import act_page
from apps.gates.judging import gate_view
from apps.gates.moving import previous_of
from apps.registry.queries import version_for


@login_required
@require_http_methods(["GET", "POST"])
def roll_back(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Put the version before back."""
    version = version_for(request.user, pk)
    previous = previous_of(version)
    return act_page(
        request,
        version,
        form=forms.WhyForm(request.POST or None),
        may=permissions.can_roll_back(request.user, version),
        title=f"Roll back {version}",
        button=f"Roll back to {previous}" if previous else "Roll back",
        about=f"{previous or 'The version before'} returns to production at once, all members are told, and a postmortem "
        "is opened, which somebody else must close.",
        act=lambda fields: services.roll_back(version, by=request.user, reason=fields["reason"]),
        done=f"{previous} is in production again. The postmortem is open.",
        offer_url=reverse("gates:suspend", args=[pk]),
        offer_title="Suspend it instead",
    )


@login_required
@require_http_methods(["GET", "POST"])
def suspend(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take a version out of production."""
    version = version_for(request.user, pk)
    return act_page(
        request,
        version,
        form=forms.WhyForm(request.POST or None),
        may=permissions.can_suspend(request.user, version),
        title=f"Suspend {version}",
        button="Suspend it",
        about="It leaves production and no version takes its place. All members are told, and a postmortem is opened.",
        act=lambda fields: services.suspend(version, by=request.user, reason=fields["reason"]),
        done=f"{version} is suspended. The postmortem is open.",
    )


@login_required
@require_http_methods(["GET", "POST"])
def break_glass(request: SignedInRequest, pk: UUID, to: str) -> HttpResponse:
    """Promote past the gate."""
    version = version_for(request.user, pk)
    view = gate_view(version, to)
    asked = confirmation_of(request.user, demanded=view.gate.second_factor)
    return act_page(
        request,
        version,
        form=forms.SignedWhyForm(request.POST or None, asked=asked),
        may=permissions.can_break_glass(request.user, version),
        title=f"Break the glass: {version} to {to}",
        button=f"Promote to {to} without the gate",
        about="For an emergency. No signature is waited for; everybody is told, the version, its card and the project "
        "are marked, and a postmortem is opened that somebody else must close. Overdue, it stops all promotions.",
        act=lambda fields: services.break_glass(
            version, to_stage=to, by=request.user, reason=fields["reason"], proof=proof_from(request, fields)
        ),
        done=f"{version} is in {to}. Everybody was told; the postmortem is open.",
        criteria=view.ordered,
    )


@login_required
@require_http_methods(["GET", "POST"])
def postmortem(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a postmortem; close it with what was found."""
    found = queries.postmortem_for(request.user, pk)
    form = forms.OutcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = form.cleaned_data["outcome"]
        if attempt(form, services.close_postmortem, found, by=request.user, outcome=outcome):
            messages.success(request, "The postmortem is closed.")
            return redirect("gates:postmortem", pk=pk)
    context = {
        "postmortem": found,
        "version": found.version,
        "project": found.version.model.project,
        "may": permissions.can_close_postmortem(request.user, found),
        "form": form,
    }
    return page(request, "gates/postmortem.html", context, status=422 if form.errors else 200)
