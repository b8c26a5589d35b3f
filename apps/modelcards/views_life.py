"""Pages of a card's life: review and publication, revisions, defaults."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.confirming import confirmation_of
from apps.accounts.requests import SignedInRequest
from apps.accounts.views import proof_from
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.core.texts import whole_number
from apps.modelcards import defaults, life, permissions, queries, standing
from apps.modelcards.enums import CardState
from apps.modelcards.fieldnames import fields_of
from apps.modelcards.fields import LONGEST
from apps.modelcards.forms_life import DefaultsForm, PublishForm, SeenForm, SendBackForm, WithdrawForm
from apps.projects.queries import project_for
from apps.registry.models import Version
from apps.registry.queries import version_for


@login_required
@require_GET
def review(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show how far the card is, what changed since readers saw it, and what can be done with it."""
    return _review_page(request, version_for(request.user, pk))


def _review_page(request: SignedInRequest, version: Version, **given: Any) -> HttpResponse:
    found = standing.standing_of(version, request.user)
    seen = {
        "lock_version": found.card.lock_version if found.card else 1,
        "evidence_digest": found.evidence_digest,
    }
    context = {
        "version": version,
        "project": version.model.project,
        "standing": found,
        "seen_form": SeenForm(initial=seen),
        "send_back_form": SendBackForm(initial=seen),
        "publish_form": PublishForm(initial=seen, asked=confirmation_of(request.user)),
        "withdraw_form": WithdrawForm(),
        **given,
    }
    context["refused"] = _unseen(found, given)
    bad = any(one.errors for one in given.values())
    return page(request, "modelcards/life.html", context, status=422 if bad else 200)


def _unseen(found: standing.Standing, given: dict[str, forms.Form]) -> list[str]:
    """Return what is wrong with a form that the page does not show any more, because the card moved meanwhile."""
    in_review = found.card is not None and found.card.state == CardState.IN_REVIEW
    shown = {
        "seen_form": not in_review or bool(found.may_take_back),
        "publish_form": in_review and bool(found.may_publish),
        "send_back_form": in_review and bool(found.may_send_back),
        "withdraw_form": found.published is not None and bool(found.may_withdraw),
    }
    faulty = [form for name, form in given.items() if not shown[name]]
    return [str(error) for form in faulty for errors in form.errors.values() for error in errors]


def _act(
    request: SignedInRequest,
    pk: UUID,
    act: Callable[..., Any],
    name: str,
    form: forms.Form,
    done: str,
    **more: Any,
) -> HttpResponse:
    """Do one act of a form on a card; what is refused is shown at that form."""
    version = version_for(request.user, pk)
    if form.is_valid():
        fields = {
            key: value
            for key, value in form.cleaned_data.items()
            if key not in {"password", "code", "passkey"}
        }
        if "lock_version" in fields:
            fields["expect"] = fields.pop("lock_version")
        if attempt(form, act, version, by=request.user, **fields, **more) is not None:
            messages.success(request, done)
            return redirect("modelcards:life", pk=pk)
    return _review_page(request, version, **{name: form})


@login_required
@require_POST
def submit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Send the card for review."""
    done = "The card is in review; who may publish it is told."
    return _act(request, pk, life.submit, "seen_form", SeenForm(request.POST), done)


@login_required
@require_POST
def take_back(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take the card back from review."""
    return _act(
        request, pk, life.take_back, "seen_form", SeenForm(request.POST), "The card is a draft again."
    )


@login_required
@require_POST
def send_back(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Send the card back to its writers."""
    form = SendBackForm(request.POST)
    return _act(
        request, pk, life.send_back, "send_back_form", form, "The writers are told what is to be done."
    )


@login_required
@require_POST
def publish(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Publish the card with a proof."""
    form = PublishForm(request.POST, asked=confirmation_of(request.user))
    proof = proof_from(request, form.cleaned_data) if form.is_valid() else None
    return _act(request, pk, life.publish, "publish_form", form, "The card is published.", proof=proof)


@login_required
@require_POST
def withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Withdraw what is published."""
    form = WithdrawForm(request.POST)
    return _act(request, pk, life.withdraw, "withdraw_form", form, "The publication is withdrawn.")


@login_required
@require_GET
def revisions(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """List the revisions, and show the difference between two of them (?older=&newer=)."""
    version = version_for(request.user, pk)
    card = queries.card_of(version)
    if card is None:
        raise Http404
    rows = queries.revisions_of(card)
    numbers = [_number(request.GET.get(name, "")) for name in ("older", "newer")]
    older, newer = (rows.filter(number=number).first() if number else None for number in numbers)
    if any(number and row is None for number, row in zip(numbers, (older, newer), strict=True)):
        raise Http404
    context = {
        "version": version,
        "project": version.model.project,
        "page": page_of(request, rows),
        "titles": standing.titles_of(version.model.project),
        "choices": list(rows.values_list("number", flat=True)[:200]),
        "older": older,
        "newer": newer,
        "differences": standing.changes(version, older.fields, newer.fields) if older and newer else None,
    }
    return page(request, "modelcards/revisions.html", context)


def _number(text: str) -> int | None:
    """Return the number of a revision; raises Http404 for what is none."""
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise Http404
    return number


@login_required
@require_http_methods(["GET", "POST"])
def project_defaults(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show and write with what the project's cards begin."""
    project = project_for(request.user, slug)
    kept = queries.defaults_of(project)
    initial: dict[str, Any] = {
        **(kept.fields if kept else {}),
        "lock_version": kept.lock_version if kept else 1,
    }
    known = fields_of(project)
    sent = request.POST if request.method == "POST" else None
    form = DefaultsForm(sent, initial=initial, known=known, longest=LONGEST)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        expect = fields.pop("lock_version")
        saved = attempt(
            form, defaults.change_defaults, project, fields=fields, by=request.user, expect=expect
        )
        if saved is not None:
            messages.success(request, "Saved. New cards of this project begin with these texts.")
            return redirect("modelcards:defaults", slug=slug)
    decision = permissions.can_change_defaults(request.user, project)
    if not decision:
        for field in form.fields.values():
            field.disabled = True
    context = {"project": project, "form": form, "decision": decision, "may_manage": decision}
    return page(request, "modelcards/defaults.html", context, status=422 if form.errors else 200)
