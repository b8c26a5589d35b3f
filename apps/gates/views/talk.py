"""What is said about a request, and whom it is asked of by name."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.gates import forms, queries, services, telling
from apps.gates.record import record_of


@login_required
@require_POST
def comment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Write in the thread."""
    found = queries.promotion_for(request.user, pk)
    form = forms.CommentForm(request.POST)
    if form.is_valid():
        answers = queries.comment_in(found, form.cleaned_data["answers"])
        text = form.cleaned_data["text"]
        services.comment(found, text=text, answers=answers, by=request.user)
    else:
        messages.error(request, "The comment was not kept: write something, 10,000 characters at most.")
    return redirect("gates:promotion", pk=pk)


@login_required
@require_POST
def ask_for_seat(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask a person by name to sign."""
    found = queries.promotion_for(request.user, pk)
    people = {str(one.pk): one for one in telling.signers_of(found)}
    form = forms.SeatForm(request.POST, people=people.values())
    if form.is_valid():
        person = people[form.cleaned_data["person"]]
        reason = form.cleaned_data["reason"]
        made = attempt(form, services.ask_for_seat, found, person=person, reason=reason, by=request.user)
        if made is not None:
            messages.success(request, f"{person} is asked to sign.")
    for error in (one for field in form.errors.values() for one in field):
        messages.error(request, str(error))
    return redirect("gates:promotion", pk=pk)


@login_required
@require_GET
def record(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Download the signed record of a signature, which can be verified offline."""
    found = queries.approval_for(request.user, pk)
    answer = JsonResponse(record_of(found), json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="signature-{found.pk}.json"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
