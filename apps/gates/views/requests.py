"""Pages of promotion requests: read, sign, take back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.requests import SignedInRequest
from apps.accounts.views import proof_from
from apps.core.errors import MlgovError
from apps.core.htmx import page
from apps.gates import forms, presenting, queries, services, telling
from apps.gates.changes import grouped_changes
from apps.gates.confirming import asked_of
from apps.gates.forms_conditions import TermsForm
from apps.gates.services.printing import printout_of_request
from apps.jobs.queries import can_change
from apps.projects.queries import members_of
from apps.registry.queries import version_for


@login_required
@require_GET
def promotion(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a request: verdict, signatures, and what is asked of me."""
    found = queries.promotion_for(request.user, pk)
    context = presenting.promotion_context(found, user=request.user)
    context["form"] = _sign_form(None, request.user, context)
    context["terms_form"] = _terms_form(None, context)
    printout = context["printout"] = printout_of_request(found)
    if printout and printout.job:
        context["may_change_job"] = can_change(request.user, printout.job)
    context["comment_form"] = forms.CommentForm()
    if context["may_ask"]:
        people = [one for one in telling.signers_of(found) if one.pk != request.user.pk]
        context["seat_form"] = forms.SeatForm(people=people)
    return page(request, "gates/promotion.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def sign(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The page on which a person signs; the dialog of the request's page posts here as well."""
    found = queries.promotion_for(request.user, pk)
    context = presenting.promotion_context(found, user=request.user)
    form = _sign_form(request.POST or None, request.user, context)
    terms_form = context["terms_form"] = _terms_form(request.POST or None, context)
    # Both are read, so that one answer shows the faults of both.
    if request.method == "POST" and all((form.is_valid(), terms_form.is_valid())):
        said = {name: form.cleaned_data[name] for name in ("digest", "decision", "meaning", "comment")}
        lent = {str(one.pk): one for one, _ in context["lent"]}
        delegation = lent.get(form.cleaned_data.get("seat", ""))
        proof = proof_from(request, form.cleaned_data)
        try:
            services.approve(
                found, by=request.user, proof=proof, delegation=delegation, terms=terms_form.terms(), **said
            )
        except MlgovError as error:
            return _refused(request, context | {"form": form}, error)
        messages.success(request, presenting.receipt(found))
        return redirect("gates:promotion", pk=found.pk)
    return page(
        request,
        "gates/sign.html",
        context | {"form": form},
        status=422 if form.errors or terms_form.errors else 200,
    )


def _sign_form(given: QueryDict | None, user: User, context: dict[str, Any]) -> forms.SignForm:
    choices = context["seat_choices"]
    initial = {"digest": context["promotion"].evidence_digest, "seat": choices[0][0] if choices else ""}
    return forms.SignForm(
        given,
        initial=initial,
        meanings=context["meanings"],
        seats=choices,
        asked=asked_of(user, context["promotion"]),
    )


def _terms_form(given: QueryDict | None, context: dict[str, Any]) -> TermsForm:
    people = members_of(context["project"]).filter(user__kind="person", user__is_active=True)
    choices = [(str(one.user_id), f"{one.user}, {one.role}") for one in people]
    return TermsForm(given, rules=context["conditional"], people=choices, prefix="terms")


def _refused(request: HttpRequest, context: dict[str, object], error: MlgovError) -> HttpResponse:
    """Show why a signature was not taken; a stale request leads to its successor with what changed."""
    if error.code == "stale":
        successor = reverse("gates:promotion", args=[error.details["promotion"]])
        changed = {
            "successor": successor,
            "groups": grouped_changes(error.details["changed"]),
            "error": error,
        }
        return page(request, "gates/stale.html", context | changed, status=409)
    form = context["form"]
    assert isinstance(form, forms.SignForm)
    field = error.details.get("field")
    terms_form = context["terms_form"]
    assert isinstance(terms_form, TermsForm)
    if field in terms_form.fields:
        terms_form.add_error(field, error.sentence)
    else:
        form.add_error(field if field in form.fields else None, error.sentence)
    return page(request, "gates/sign.html", context, status=error.status)


@login_required
@require_POST
def ask(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask for a promotion of a version."""
    version = version_for(request.user, pk)
    form = forms.RequestForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The request could not be read. Choose the stage again.")
        return redirect("portal:version", pk=pk)
    fields = form.cleaned_data
    made = services.request_promotion(version, to_stage=fields["to"], note=fields["note"], by=request.user)
    return redirect("gates:promotion", pk=made.pk)


@login_required
@require_POST
def withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take a request back."""
    found = queries.promotion_for(request.user, pk)
    form = forms.ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    services.withdraw_promotion(found, by=request.user, reason=reason)
    messages.success(request, "The request is withdrawn.")
    return redirect("gates:promotion", pk=pk)


@login_required
@require_POST
def withdraw_approval(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take one's own signature back."""
    found = queries.approval_for(request.user, pk)
    form = forms.ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    services.withdraw_approval(found, by=request.user, reason=reason)
    messages.success(request, "Your signature is withdrawn.")
    return redirect("gates:promotion", pk=found.promotion_id)
