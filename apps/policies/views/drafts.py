"""The policy editor: write, check, propose, publish."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.confirming import confirmation_of
from apps.accounts.forms import ConfirmedForm
from apps.accounts.requests import SignedInRequest
from apps.accounts.views import proof_from
from apps.core.errors import MlgovError
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.policies import forms, permissions, queries, services
from apps.policies.comparing import compare
from apps.policies.enums import Origin
from apps.policies.models import Draft


@login_required
@require_GET
def policies(request: SignedInRequest) -> HttpResponse:
    """List the packs, and to administrators and auditors the drafts."""
    context = {
        "packs": queries.packs(),
        "page": page_of(request, queries.drafts_for(request.user)),
        "may_read": permissions.may_read_drafts(request.user),
        "may_draft": permissions.can_draft(request.user),
    }
    return page(request, "policies/policies.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def start(request: SignedInRequest) -> HttpResponse:
    """Begin a draft: from a revision, from a file, or from nothing."""
    if not permissions.may_read_drafts(request.user):
        raise Http404
    base = None
    if request.GET.get("from"):
        base = queries.revision_named(request.GET["from"], request.GET.get("revision", ""))
    initial = {"source": base.source, "title": f"Change of {base.pack.title}"[:120]} if base else {}
    form = forms.DraftForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        origin = Origin.UPLOAD if fields["file"] else Origin.EDITOR
        if base is not None and base.source == fields["source"]:
            origin = Origin.ROLLBACK
        kept = {"source": fields["source"], "title": fields["title"], "base": base, "origin": origin}
        draft = attempt(form, services.start_draft, by=request.user, **kept)
        if draft is not None:
            return redirect("policies:draft", pk=draft.pk)
    context = {"form": form, "base": base, "may": permissions.can_draft(request.user), "faults": None}
    return page(request, "policies/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Write the text of a draft."""
    draft = queries.draft_for(request.user, pk)
    initial = {"title": draft.title, "source": draft.source, "lock_version": draft.lock_version}
    form = forms.DraftForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        kept = {"source": fields["source"], "title": fields["title"], "expect": fields["lock_version"]}
        if attempt(form, services.change_draft, draft, by=request.user, **kept) is not None:
            messages.success(request, "The draft is saved.")
            return redirect("policies:draft", pk=pk)
    context = {
        "form": form,
        "draft": draft,
        "may": permissions.can_edit(request.user, draft),
        "faults": queries.faulty_lines(form["source"].value() or ""),
    }
    return page(request, "policies/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def check(request: SignedInRequest) -> HttpResponse:
    """Answer the editor while somebody types: the lines with faults. Keeps nothing."""
    if not permissions.may_read_drafts(request.user):
        raise Http404
    source = request.POST.get("source", "")[: forms.LONGEST_SOURCE]
    return render(request, "policies/_faults.html", {"faults": queries.faulty_lines(source)})


@login_required
@require_GET
def draft(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a draft: what it changes, and what can be done with it."""
    return _draft_page(request, queries.draft_for(request.user, pk))


def _draft_page(
    request: SignedInRequest,
    found: Draft,
    *,
    why: forms.ReasonForm | None = None,
    back: forms.ReasonForm | None = None,
    proof: ConfirmedForm | None = None,
) -> HttpResponse:
    why, back = why or forms.ReasonForm(), back or forms.SendBackForm()
    proof = proof or ConfirmedForm(asked=confirmation_of(request.user))
    faults = queries.faulty_lines(found.source)
    live = queries.live_revision(found)
    barred = {} if faults or found.state != "proposed" else permissions.beneficiaries(queries.parsed(found))
    context = {
        "draft": found,
        "faults": faults,
        "live": live,
        "comparison": None if faults else compare(live.source if live else "", found.source),
        "why_form": why,
        "back_form": back,
        "proof_form": proof,
        "barred": queries.names_of(barred),
        "may_edit": permissions.can_edit(request.user, found),
        "may_propose": permissions.can_propose(request.user, found),
        "may_send_back": permissions.can_send_back(request.user, found),
        "may_withdraw": permissions.can_withdraw(request.user, found),
        "may_publish": permissions.can_publish(request.user, found, barred),
    }
    bad = bool(why.errors or back.errors or proof.errors)
    return page(request, "policies/draft.html", context, status=422 if bad else 200)


@login_required
@require_POST
def act(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Propose a draft, or send it back: both need a reason."""
    found = queries.draft_for(request.user, pk)
    sends_back = request.POST.get("act") == "send_back"
    form = (forms.SendBackForm if sends_back else forms.ReasonForm)(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if sends_back:
            done = attempt(form, services.send_back, found, by=request.user, remark=reason)
        else:
            done = attempt(form, services.propose_draft, found, by=request.user, reason=reason)
        if done is not None:
            messages.success(request, f"The draft is {done.get_state_display().lower()} now.")
            return redirect("policies:draft", pk=pk)
    return _draft_page(request, found, why=None if sends_back else form, back=form if sends_back else None)


@login_required
@require_POST
def withdraw(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Give a draft up."""
    services.withdraw_draft(queries.draft_for(request.user, pk), by=request.user)
    messages.success(request, "The draft is withdrawn.")
    return redirect("policies:draft", pk=pk)


@login_required
@require_POST
def publish(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Publish what another administrator proposed."""
    found = queries.draft_for(request.user, pk)
    form = ConfirmedForm(request.POST, asked=confirmation_of(request.user))
    if form.is_valid():
        proof = proof_from(request, form.cleaned_data)
        revision = attempt(form, services.publish_draft, found, by=request.user, proof=proof)
        if revision is not None:
            messages.success(request, f"{revision} is published. Projects move to it one by one.")
            return redirect("policies:revision", slug=revision.pack.slug, number=revision.number)
    return _draft_page(request, found, proof=form)


@login_required
@require_POST
def sync(request: SignedInRequest) -> HttpResponse:
    """Read the Git checkout now."""
    if not permissions.may_read_drafts(request.user):
        raise Http404
    try:
        found = services.sync_git(by=request.user)
    except MlgovError as error:
        messages.error(request, error.sentence)
        return redirect("policies:policies")
    for fault in found.faults:
        messages.warning(request, fault)
    messages.success(request, f"{len(found.drafts)} new drafts from commit {found.commit[:12]}.")
    return redirect("policies:policies")
