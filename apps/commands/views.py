"""The palette as plain pages: search, the list of commands, and one command with how far it is."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.commands import queries, services
from apps.core.htmx import page
from apps.core.texts import asked
from apps.projects.queries import projects_for

SHOWN_PROJECTS = 50


@login_required
@require_GET
def search(request: SignedInRequest) -> HttpResponse:
    """Find things and commands by name."""
    words = asked(request.GET, "q")
    project = projects_for(request.user).filter(slug=asked(request.GET, "project")).first()
    context = {"q": words, "found": queries.hits_for(request.user, words, project), "at": project}
    return page(request, "commands/search.html", context, fragment="commands/_found.html")


@login_required
@require_http_methods(["GET", "POST"])
def command(request: SignedInRequest, name: str) -> HttpResponse:
    """Show how far a command is for a project, and begin it; without a project, ask which."""
    slug = asked(request.POST if request.method == "POST" else request.GET, "project")
    if not slug:
        found = queries.command_called(name, None)
        context = {"command": found, "projects": projects_for(request.user)[:SHOWN_PROJECTS]}
        return page(request, "commands/command.html", context)
    project, version = queries.subject_of(request.user, slug, _version(request))
    standing = queries.standing_of(queries.command_called(name, project), project, version)
    if request.method == "POST":
        job = services.start(standing, by=request.user)
        if job is not None:
            return redirect("jobs:job", pk=job.pk)
        messages.info(request, "Nothing had to be started.")
        return redirect(standing.url)
    return page(
        request,
        "commands/command.html",
        {"command": standing.command, "standing": standing, "project": project},
    )


def _version(request: SignedInRequest) -> UUID | None:
    given = (request.POST if request.method == "POST" else request.GET).get("version", "")
    if not given:
        return None
    try:
        return UUID(given)
    except ValueError as error:
        raise Http404 from error
