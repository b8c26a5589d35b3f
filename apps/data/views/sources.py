"""The data sources of a project."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.data import presenting, queries, scoring, services
from apps.data.forms import AssessForm, ProfileForm
from apps.data.models import DIMENSIONS, Profile
from apps.jobs.queries import can_change
from apps.projects.models import DataSource
from apps.projects.permissions import Right, can
from apps.projects.queries import data_sources_of, project_for


@login_required
@require_http_methods(["GET", "POST"])
def sources(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show the data sources, the weakest first; assess a new one."""
    project = project_for(request.user, slug)
    part = queries.method_of(project)
    form = AssessForm(request.POST or None, part=part)
    if request.method == "POST" and form.is_valid():
        words = {name: form.cleaned_data[name] for name in ("name", "description", "note")}
        made = attempt(form, services.assess, project, scores=form.scores, by=request.user, **words)
        if made is not None:
            messages.success(request, f"{made.name} has {made.score} of 30.")
            return redirect("data:source", pk=made.pk)
    rows = sorted(data_sources_of(project), key=lambda one: (one.score, one.name))
    context = {
        "project": project,
        "rows": rows,
        "part": part.sources,
        "weakest": queries.weakest_of(project),
        "form": form,
        "may_assess": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
    return page(request, "data/sources.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def source(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a source with its scores, its history and its newest profile; assess it, or send a sample."""
    found = queries.source_for(request.user, pk)
    newest = queries.profiles_of(found).first()
    posted = request.POST.get("form") if request.method == "POST" else None
    form = _assess_form(request, found, newest, bound=posted == "assess")
    sample = ProfileForm(*((request.POST, request.FILES) if posted == "profile" else ()))
    done: Any = None
    if posted == "assess" and form.is_valid():
        done = _assess(request, found, newest, form)
    elif posted == "profile" and sample.is_valid():
        done = _send(request, found, sample)
    if done is not None:
        messages.success(
            request, "The scores are kept." if posted == "assess" else "A worker profiles the sample."
        )
        return redirect("data:source", pk=pk)
    bad = bool(form.errors or sample.errors)
    context = _context(request, found, newest) | {"form": form, "sample": sample}
    return page(request, "data/source.html", context, status=422 if bad else 200)


def _assess(request: SignedInRequest, found: DataSource, newest: Profile | None, form: AssessForm) -> Any:
    return attempt(
        form,
        services.assess,
        found.project,
        name=found.name,
        scores=form.scores,
        note=form.cleaned_data["note"],
        profile=newest,
        by=request.user,
    )


def _send(request: SignedInRequest, found: DataSource, sample: ProfileForm) -> Any:
    file, target = sample.cleaned_data["file"], sample.cleaned_data["target"]
    return attempt(
        sample,
        services.request_profile,
        found,
        stream=file,
        name=file.name or "",
        target=target,
        by=request.user,
    )


def _assess_form(
    request: SignedInRequest, found: DataSource, newest: Profile | None, *, bound: bool
) -> AssessForm:
    proposals = newest.report["proposals"] if newest else {}
    scores = {key: getattr(found, key) for key in DIMENSIONS}
    proposed = {key: one["score"] for key, one in proposals.items()}
    return AssessForm(
        request.POST if bound else None,
        part=queries.method_of(found.project),
        proposals=proposals,
        named=False,
        initial=scores | proposed,
    )


def _context(request: SignedInRequest, found: DataSource, newest: Profile | None) -> dict[str, object]:
    project = found.project
    part = queries.method_of(project)
    scores = {key: getattr(found, key) for key in DIMENSIONS}
    job = queries.open_job(project, "data.profile", source=str(found.pk))
    return {
        "project": project,
        "source": found,
        "part": part.sources,
        "scored": scoring.scored(part.sources, scores),
        "mend": scoring.to_mend(part.sources, scores),
        "profile": newest,
        "picture": presenting.picture_of(newest, part) if newest else None,
        "job": job,
        "may_change_job": can_change(request.user, job) if job else None,
        "page": page_of(request, queries.assessments_of(found), size=10),
        "may_assess": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
