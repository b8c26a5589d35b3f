"""Pages of invitations and of what groups give, and the two addresses of a provider."""

from uuid import UUID

from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User, by_email
from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.identity import queries, services
from apps.identity.adapter import INVITATION_IN_SESSION
from apps.identity.forms import InviteForm, JoinForm, RuleForm
from apps.identity.models import Invitation
from apps.identity.provider import TokenAdapter
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for, projects_for


@login_required
@require_http_methods(["GET", "POST"])
def invitations(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show who is invited to a project; owners invite."""
    return _invitations(request, project_for(request.user, slug))


@login_required
@require_http_methods(["GET", "POST"])
def site_invitations(request: SignedInRequest) -> HttpResponse:
    """Show who is invited to the site without a project; administrators invite."""
    if not request.user.is_administrator:
        raise Http404
    return _invitations(request, None)


def _invitations(request: SignedInRequest, project: Project | None) -> HttpResponse:
    form = InviteForm(request.POST or None, with_role=project is not None)
    if request.method == "POST" and form.is_valid():
        address = request.build_absolute_uri(reverse("identity:site_invitations"))
        wanted = form.cleaned_data
        if attempt(form, services.invite, by=request.user, address=address, project=project, **wanted):
            messages.success(request, f"{wanted['email']} is invited; the link went to that address alone.")
            return redirect(request.path)
    context = {
        "form": form,
        "project": project,
        "page": page_of(request, queries.invitations_of(project)),
        "decision": can(request.user, Right.MANAGE, project) if project else True,
    }
    return page(request, "identity/invitations.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = services.revoke(queries.invitation_for(request.user, pk), by=request.user)
    messages.success(request, f"The invitation of {invitation} is taken back.")
    if invitation.project is None:
        return redirect("identity:site_invitations")
    return redirect("identity:invitations", slug=invitation.project.slug)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Where an invitation's link leads: take it up as who is signed in, or make the account first."""
    invitation = services.find_invitation(secret)
    if invitation is None:
        raise Http404
    request.session[INVITATION_IN_SESSION] = secret
    if isinstance(request.user, User):
        return _accept_as(request, invitation, request.user)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if attempt(form, services.accept_as_new, invitation, **form.cleaned_data):
            request.session.pop(INVITATION_IN_SESSION, None)
            messages.success(request, "Your account is there. Sign in.")
            return redirect("account_login")
    known = User.objects.filter(by_email(invitation.email)).exists()
    context = {"invitation": invitation, "form": form, "known": known}
    return page(request, "identity/accept.html", context, status=422 if form.errors else 200)


def _accept_as(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        services.accept(invitation, by=user)
        request.session.pop(INVITATION_IN_SESSION, None)
        messages.success(request, "Welcome.")
        return redirect("portal:home")
    fits = user.email.lower() == invitation.email.lower()
    return page(request, "identity/accept.html", {"invitation": invitation, "signed_in": True, "fits": fits})


@login_required
@require_http_methods(["GET", "POST"])
def groups(request: SignedInRequest) -> HttpResponse:
    """Show and add what the groups of a provider give; for administrators."""
    if not request.user.is_administrator:
        raise Http404
    form = RuleForm(request.POST or None, projects=projects_for(request.user))
    if request.method == "POST" and form.is_valid():
        said = {
            "group": form.cleaned_data["group"],
            "role": form.cleaned_data["role"],
            "project": form.project,
        }
        if attempt(form, services.add_rule, by=request.user, **said):
            return redirect("identity:groups")
    context = {"form": form, "page": page_of(request, queries.rules())}
    return page(request, "identity/groups.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove_rule(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """End a rule; what it gave is taken at once."""
    rule = queries.rules().filter(pk=pk).first()
    if rule is None or not request.user.is_administrator:
        raise Http404
    services.remove_rule(rule, by=request.user)
    messages.success(request, f"The group {rule.group} gives nothing any more by this rule.")
    return redirect("identity:groups")


@login_not_required
def provider_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the provider."""
    return _over_provider(OAuth2LoginView, request, provider_id)


@login_not_required
def provider_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to."""
    return _over_provider(OAuth2CallbackView, request, provider_id)


def _over_provider(
    view: type[OAuth2LoginView | OAuth2CallbackView], request: HttpRequest, provider_id: str
) -> HttpResponse:
    try:
        answer: HttpResponse = view.adapter_view(TokenAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return answer
