"""Who signs for whom in a project."""

import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.gates import forms, permissions, queries, services
from apps.projects.queries import members_of, project_for


@login_required
@require_http_methods(["GET", "POST"])
def delegations(request: SignedInRequest, slug: str) -> HttpResponse:
    """List the delegations of a project; a signer gives one."""
    project = project_for(request.user, slug)
    members = [
        one.user for one in members_of(project) if one.user.is_person and one.user_id != request.user.pk
    ]
    people = {str(one.pk): one for one in members}
    form = forms.DelegationForm(request.POST or None, people=people.values())
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        end = datetime.datetime.combine(fields["until"], datetime.time.max, datetime.UTC)
        to, reason = people[fields["to"]], fields["reason"]
        if attempt(form, services.delegate, project, to=to, until=end, reason=reason, by=request.user):
            messages.success(request, f"{to} signs for you until the end of {fields['until']:%Y-%m-%d}.")
            return redirect("gates:delegations", slug=slug)
    shown = page_of(request, queries.delegations_of(project))
    context = {
        "project": project,
        "form": form,
        "page": shown,
        "rows": [(one, permissions.can_revoke(request.user, one)) for one in shown],
        "decision": permissions.can_delegate(request.user, project),
    }
    return page(request, "gates/delegations.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """End a delegation."""
    found = queries.delegation_for(request.user, pk)
    services.revoke_delegation(found, by=request.user)
    messages.success(request, "The delegation is ended.")
    return redirect("gates:delegations", slug=found.project.slug)
