"""Pages of the pipelines that a project trusts."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.audit.queries import shown
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.identity import queries, services
from apps.identity.enums import IssuerKind
from apps.identity.forms_trusts import FORMS, WithdrawForm
from apps.identity.models import Trust
from apps.identity.snippets import snippet_of
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for


@login_required
@require_GET
def trusts(request: SignedInRequest, slug: str) -> HttpResponse:
    """List the trusts of a project."""
    project = project_for(request.user, slug)
    decision = can(request.user, Right.MANAGE, project)
    context = {
        "project": project,
        "kinds": IssuerKind.choices,
        "page": page_of(request, queries.trusts_of(project)),
        "decision": decision,
        "may_manage": decision,
    }
    return page(request, "identity/trusts.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest, slug: str, kind: str) -> HttpResponse:
    """Trust pipelines of a kind of issuer; owners do."""
    project = project_for(request.user, slug)
    if kind not in FORMS:
        raise Http404
    can(request.user, Right.MANAGE, project).enforce()
    accounts = queries.service_accounts_of(request.user)
    form = FORMS[kind](request.POST or None, accounts=accounts)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, services.create_trust, project, kind=kind, by=request.user, **form.said())
        if made is not None:
            messages.success(request, f"{made} is trusted. Below is what the pipeline writes.")
            return redirect("identity:trust", made.pk)
    context = {"project": project, "form": form, "kind": IssuerKind(kind), "accounts": accounts}
    return page(request, "identity/trust_new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def trust(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a trust, what the pipeline writes, and what came of it."""
    return _one(request, queries.trust_for(request.user, pk), WithdrawForm())


@login_required
@require_POST
def withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take a trust back; tokens that came by it end."""
    found, form = queries.trust_for(request.user, pk), WithdrawForm(request.POST)
    if form.is_valid():
        done = attempt(form, services.withdraw_trust, found, by=request.user, **form.cleaned_data)
        if done is not None:
            messages.success(request, f"{done} is withdrawn, and its tokens are ended.")
            return redirect("identity:trust", pk)
    can(request.user, Right.MANAGE, found.project).enforce()
    return _one(request, found, form)


def _one(request: SignedInRequest, found: Trust, form: WithdrawForm) -> HttpResponse:
    happened = page_of(request, queries.happened_to(found), long=True)
    context = {
        "project": found.project,
        "trust": found,
        "form": form,
        "snippet": snippet_of(found),
        "page": happened,
        "events": [shown(event) for event in happened],
        "decision": can(request.user, Right.MANAGE, found.project),
    }
    return page(request, "identity/trust.html", context, status=422 if form.errors else 200)
