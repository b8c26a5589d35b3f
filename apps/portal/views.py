"""Pages that span apps: home, projects, a project, a version, the audit trail, search."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.requests import SignedInRequest
from apps.audit import queries as audit
from apps.core.clock import today
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.core.rows import rows_of
from apps.gates import queries as gates
from apps.gates import queries_conditions as conditions
from apps.gates import queries_exceptions as exceptions
from apps.gates.forms import RequestForm
from apps.gates.permissions_exceptions import can_break_glass, can_roll_back
from apps.jobs.queries import recent_for
from apps.monitoring.queries import watch_of
from apps.portal import queries
from apps.portal.context import THEMES
from apps.projects.permissions import Right, can
from apps.projects.queries import project_for, projects_for
from apps.registry.queries import version_for

YEAR = 365 * 86_400


@login_required
@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    """Show what waits for me: to sign and to answer, what I asked for, what was decided."""
    tab = request.GET.get("tab", "sign")
    inbox = queries.inbox_of(request.user)
    # The frame of the page would count them all again.
    request.inbox_count = sum(map(len, inbox.values()))
    mine = rows_of(
        asked=gates.asked_by(request.user),
        breaches=conditions.breaches_to_mind(request.user),
        obligations=conditions.obligations_to_act_on(request.user),
    )
    context = {
        "tab": tab if tab in {"sign", "asked", "done"} else "sign",
        **mine,
        "asked": gates.followed(mine["asked"]),
        "decided": gates.decided_for(request.user),
        "today": today(),
        "jobs": recent_for(request.user),
        **inbox,
    }
    return page(request, "portal/home.html", context)


@login_required
@require_GET
def projects(request: SignedInRequest) -> HttpResponse:
    """List my projects."""
    shown = page_of(request, projects_for(request.user))
    shown.object_list = queries.project_rows(list(shown.object_list))
    return page(request, "portal/projects.html", {"page": shown})


@login_required
@require_GET
def project(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show a project: state, and what is to be done next."""
    found = project_for(request.user, slug)
    context = {
        "project": found,
        "view": queries.project_view(found, request.user),
        "marks": exceptions.marks_of_project(found),
        "events": [audit.shown(event) for event in audit.events_of_project(found.pk)[:8]],
        "may_manage": can(request.user, Right.MANAGE, found),
        "may_contribute": can(request.user, Right.CONTRIBUTE, found),
    }
    return page(request, "portal/project.html", context)


@login_required
@require_GET
def version(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a version: its gate at a glance, and everything it is judged on."""
    found = version_for(request.user, pk)
    moves = list(gates.transitions_of(found))
    marks, terms = exceptions.shown_with(found, moves)
    context = {
        "version": found,
        "project": found.model.project,
        "view": queries.version_view(found, request.user),
        "transitions": moves,
        "request_form": RequestForm(),
        "watch": watch_of(found),
        "marks": marks,
        "terms": terms,
        "may_roll_back": can_roll_back(request.user, found),
        "may_break_glass": can_break_glass(request.user, found),
    }
    return page(request, "portal/version.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark, or what the system says; works without scripts."""
    wanted = request.POST.get("theme", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = redirect(back)
    if wanted in THEMES:
        response.set_cookie(
            "theme", wanted, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
        )
    return response
