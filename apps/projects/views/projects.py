"""Pages of projects."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User, by_email
from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.projects import forms, queries, services
from apps.projects.permissions import Right, can


@login_required
@require_http_methods(["GET", "POST"])
def create(request: SignedInRequest) -> HttpResponse:
    """Begin a project."""
    form = forms.ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = attempt(form, services.create_project, by=request.user, **form.cleaned_data)
        if project is not None:
            return redirect("portal:project", slug=project.slug)
    return page(request, "projects/create.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def members(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the members; owners add some."""
    project = queries.project_for(request.user, slug)
    form = forms.MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = User.objects.filter(by_email(form.cleaned_data["email"])).first()
        if user is None:
            form.add_error("email", "Nobody here has this address. An administrator can add the person.")
        elif attempt(
            form, services.add_member, project, user=user, role=form.cleaned_data["role"], by=request.user
        ):
            return redirect("projects:members", slug=slug)
    context = {
        "project": project,
        "form": form,
        "members": queries.members_of(project),
        "decision": can(request.user, Right.MANAGE, project),
    }
    return page(request, "projects/members.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove_member(request: SignedInRequest, slug: str, pk: UUID) -> HttpResponse:
    """Take a member's role away."""
    project = queries.project_for(request.user, slug)
    membership = queries.members_of(project).filter(pk=pk).first()
    if membership is None:
        raise Http404
    services.remove_member(membership, by=request.user)
    messages.success(request, f"{membership.user} is no member any more.")
    return redirect("projects:members", slug=slug)
