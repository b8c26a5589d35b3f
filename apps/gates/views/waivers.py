"""Pages of waivers: the ledger's rows, asking, granting, ending."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.confirming import ConfirmationAsked, confirmation_of
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
from apps.gates.models import Waiver
from apps.policies.queries import pack_of
from apps.registry.queries import version_for


@login_required
@require_http_methods(["GET", "POST"])
def ask(request: SignedInRequest, pk: UUID, to: str) -> HttpResponse:
    """Ask that a criterion need not hold."""
    version = version_for(request.user, pk)
    view = gate_view(version, to)
    rule = pack_of(version.model.project.policy_revision).exceptions.waivers
    form = forms.AskWaiverForm(request.POST or None, criteria=[(one.key, one.title) for one in view.failing])
    return act_page(
        request,
        version,
        form=form,
        may=permissions.can_ask_waiver(request.user, version),
        title=f"Ask for a waiver: {view.gate.title}",
        button="Ask for the waiver",
        about=f"It is granted by the role {rule.granted_by}, for {rule.longest_days} days at most, for this version "
        "and the evidence of now. When the evidence changes, it does not hold any more.",
        act=lambda fields: services.ask_waiver(
            version,
            to_stage=to,
            criterion=fields["criterion"],
            reason=fields["reason"],
            until=forms.end_of(fields["until"]),
            by=request.user,
        ),
        done="The waiver is asked for; those who may grant it were told.",
        danger=False,
    )


@login_required
@require_GET
def waiver(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a waiver: what it covers, who asked, who granted."""
    found = queries.waiver_for(request.user, pk)
    return _waiver_page(request, found)


def _asked(request: SignedInRequest, found: Waiver) -> ConfirmationAsked:
    gate = pack_of(found.version.model.project.policy_revision).gate(found.gate)
    return confirmation_of(request.user, demanded=gate is not None and gate.second_factor)


def _waiver_page(
    request: SignedInRequest,
    found: Waiver,
    *,
    grant_form: forms.GrantForm | None = None,
    why_form: forms.WhyForm | None = None,
) -> HttpResponse:
    grant_form = grant_form or forms.GrantForm(asked=_asked(request, found))
    why_form = why_form or forms.WhyForm()
    context = {
        "waiver": found,
        "version": found.version,
        "project": found.version.model.project,
        "may_grant": permissions.can_grant_waiver(request.user, found),
        "may_refuse": permissions.can_refuse_waiver(request.user, found),
        "may_revoke": permissions.can_revoke_waiver(request.user, found),
        "grant_form": grant_form,
        "why_form": why_form,
    }
    bad = bool(grant_form.errors or why_form.errors)
    return page(request, "gates/waiver.html", context, status=422 if bad else 200)


@login_required
@require_POST
def grant(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Grant a waiver with a signature."""
    found = queries.waiver_for(request.user, pk)
    form = forms.GrantForm(request.POST, asked=_asked(request, found))
    if form.is_valid():
        fields = form.cleaned_data
        proof = proof_from(request, fields)
        said = {"proof": proof, "comment": fields["comment"]}
        if attempt(form, services.grant_waiver, found, by=request.user, **said):
            messages.success(request, f"Granted until {found.until:%Y-%m-%d %H:%M} UTC.")
            return redirect("gates:waiver", pk=pk)
    return _waiver_page(request, found, grant_form=form)


@login_required
@require_POST
def end(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Refuse or withdraw a waiver that was asked for, or revoke one that was granted."""
    found = queries.waiver_for(request.user, pk)
    form = forms.WhyForm(request.POST)
    if form.is_valid():
        act = services.revoke_waiver if found.state == "granted" else services.refuse_waiver
        if attempt(form, act, found, by=request.user, reason=form.cleaned_data["reason"]):
            messages.success(request, "The waiver is closed.")
            return redirect("gates:waiver", pk=pk)
    return _waiver_page(request, found, why_form=form)
