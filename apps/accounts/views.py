"""People, tokens and service accounts."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import factors, queries, services
from apps.accounts.forms import PersonForm, ServiceAccountForm, TokenForm
from apps.accounts.models import User
from apps.accounts.proofs import Proof
from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of

#: Where the session keeps the question that a passkey is to answer.
PASSKEY_QUESTION = "passkey_question"


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """Show one's tokens; a new one's secret is shown this once."""
    accounts = queries.accounts_of(request.user)
    form = TokenForm(request.POST or None, accounts=accounts)
    issued = None
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        account = next(one for one in accounts if str(one.pk) == wanted["account"])
        ends = timezone.now() + timedelta(days=wanted["days"])
        issued = attempt(
            form,
            services.issue_token,
            account,
            name=wanted["name"],
            scopes=wanted["scopes"],
            expires_at=ends,
            by=request.user,
        )
    context = {
        "form": form if issued is None else TokenForm(accounts=accounts),
        "account_form": ServiceAccountForm(),
        "issued": issued,
        "tokens": queries.tokens_for(request.user),
        "now": timezone.now(),
    }
    return page(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def service_account(request: SignedInRequest) -> HttpResponse:
    """Make a service account that the person answers for."""
    form = ServiceAccountForm(request.POST)
    if form.is_valid():
        made = services.create_service_account(
            form.cleaned_data["service_name"], owner=request.user, by=request.user
        )
        messages.success(
            request, f"{made} is there. An owner adds it to a project as {made.email}; issue it a token here."
        )
    else:
        messages.error(request, "A service account needs a name of at most 100 characters.")
    return redirect("accounts:tokens")


@login_required
@require_POST
def revoke(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """End a token."""
    token = services.revoke_token(queries.token_of(request.user, pk), by=request.user)
    messages.success(request, f"The token {token} is revoked; requests with it fail from now on.")
    return redirect("accounts:tokens")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def people(request: SignedInRequest) -> HttpResponse:
    """Show the people of the site to administrators, who add some."""
    if not request.user.is_administrator:
        raise Http404
    form = PersonForm(request.POST or None)
    added, password = None, secrets.token_urlsafe(12)
    if request.method == "POST" and form.is_valid():
        added = attempt(form, services.create_person, by=request.user, password=password, **form.cleaned_data)
    return _people(request, PersonForm() if added else form, added, password)


@login_required
@never_cache
@require_POST
def reset_password(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Give somebody a temporary password, shown this once."""
    person = _person(request, pk)
    password = secrets.token_urlsafe(12)
    services.set_password(person, password=password, by=request.user)
    return _people(request, PersonForm(), person, password)


@login_required
@require_POST
def remove_second_factors(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take away the second factors of somebody who lost them."""
    person = services.remove_second_factors(_person(request, pk), by=request.user)
    messages.success(
        request, f"{person} has no second factor and no password now. Give them a new password to go on with."
    )
    return redirect("accounts:people")


@login_required
@require_POST
def switch(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """End or restore somebody's access."""
    person = _person(request, pk)
    act = services.switch_off if person.is_active else services.switch_on
    act(person, by=request.user)
    messages.success(request, f"{person} is switched {'on' if person.is_active else 'off'}.")
    return redirect("accounts:people")


@login_required
@never_cache
@require_POST
def ask_passkey(request: SignedInRequest) -> HttpResponse:
    """Ask the person's passkeys a question; the answer confirms the next signature of this session."""
    options, state = factors.ask_passkey(request.user)
    request.session[PASSKEY_QUESTION] = state
    return JsonResponse(options)


@login_required
@never_cache
@require_GET
def totp_qr(request: SignedInRequest) -> HttpResponse:
    """Draw the secret that is being set up, as an image of its own: no page may hold data addresses."""
    drawn = factors.qr_of(request.user, request.session.get(factors.SECRET_IN_SESSION, ""))
    if drawn is None:
        raise Http404
    return HttpResponse(drawn, content_type="image/svg+xml")


def proof_from(request: HttpRequest, fields: dict[str, Any]) -> Proof:
    """Return what was shown in a form's password, code and passkey fields; a question is good for one answer."""
    assertion = fields.get("passkey")
    return Proof(
        password=fields.get("password", ""),
        code=fields.get("code", ""),
        assertion=assertion,
        challenge=request.session.pop(PASSKEY_QUESTION, None) if assertion is not None else None,
    )


def _person(request: SignedInRequest, pk: UUID) -> User:
    """Return whom an administrator asks for; nobody else finds anybody."""
    person = queries.people().filter(pk=pk).first()
    if person is None or not request.user.is_administrator:
        raise Http404
    return person


def _people(request: SignedInRequest, form: PersonForm, person: User | None, password: str) -> HttpResponse:
    shown = {"person": person, "password": password} if person else None
    context = {"form": form, "shown": shown, "page": page_of(request, queries.people())}
    return page(request, "accounts/people.html", context, status=422 if form.errors else 200)
