"""The feature registry of a project."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.requests import SignedInRequest
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.core.texts import asked
from apps.data import exchange, queries, services
from apps.data.forms import FeatureForm, ImportForm
from apps.data.models import Feature
from apps.data.services.features import FIELDS, latency_warning
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.projects.queries import data_sources_of, members_of, project_for

SHOWN = {"": "In use", "retired": "Retired", "all": "All"}


@login_required
@require_http_methods(["GET", "POST"])
def features(request: SignedInRequest, slug: str) -> HttpResponse:
    """Show and search the features; register one."""
    project = project_for(request.user, slug)
    form = _form(request, project, initial={"owner": str(request.user.person.pk)})
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            services.register_feature,
            project,
            name=form.cleaned_data["name"],
            by=request.user,
            **form.said,
        )
        if made is not None:
            messages.success(request, f"{made} is registered. {latency_warning(made)}".strip())
            return redirect("data:features", slug=slug)
    return page(
        request, "data/features.html", _list(request, project, form), status=422 if form.errors else 200
    )


@login_required
@require_POST
def take_over(request: SignedInRequest, slug: str) -> HttpResponse:
    """Register and change the features of a file, all or none."""
    project = project_for(request.user, slug)
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        done = attempt(
            form, services.import_features, project, stream=file, name=file.name or "", by=request.user
        )
        if done is not None:
            messages.success(request, f"{done[0]} features are new, {done[1]} were there before.")
            return redirect("data:features", slug=slug)
    context = _list(request, project, _form(request, project, bound=False)) | {"import_form": form}
    return page(request, "data/features.html", context, status=422)


@login_required
@require_GET
def export(request: SignedInRequest, slug: str, form: str) -> HttpResponse:
    """Give all features of a project as CSV or YAML."""
    project = project_for(request.user, slug)
    rows = [exported(one) for one in queries.features_of(project, show="all")]
    if form not in ("csv", "yaml"):
        raise Http404
    text = exchange.csv_text(rows) if form == "csv" else exchange.yaml_text(rows)
    kind = "text/csv" if form == "csv" else "application/yaml"
    name = f'attachment; filename="features-{project.slug}.{form}"'
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": name})


@login_required
@require_http_methods(["GET", "POST"])
def feature(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show a feature and change what is said of it."""
    found = queries.feature_for(request.user, pk)
    initial = {key: getattr(found, key) for key in (*FIELDS, "name", "lock_version")}
    initial |= {"owner": str(found.owner_id), "source": str(found.source_id or "")}
    form = _form(request, found.project, initial=initial)
    form.fields["name"].disabled = True
    if request.method == "POST" and form.is_valid():
        expect = form.cleaned_data["lock_version"]
        done = attempt(form, services.change_feature, found, by=request.user, expect=expect, **form.said)
        if done is not None:
            messages.success(request, "The feature is saved.")
            return redirect("data:feature", pk=pk)
    context = {
        "project": found.project,
        "feature": found,
        "form": form,
        "warning": latency_warning(found),
        "decision": can(request.user, Right.CONTRIBUTE, found.project),
        "may_manage": can(request.user, Right.MANAGE, found.project),
    }
    return page(request, "data/feature.html", context, status=422 if form.errors else 200)


def exported(one: Feature) -> dict[str, object]:
    """Return a feature as a row of an export."""
    return {key: getattr(one, key) for key in exchange.COLUMNS} | {
        "source": one.source.name if one.source else "",
        "owner": one.owner.email,
    }


def _form(
    request: SignedInRequest,
    project: Project,
    *,
    bound: bool = True,
    initial: dict[str, object] | None = None,
) -> FeatureForm:
    people: list[User] = [one.user for one in members_of(project)]
    return FeatureForm(
        request.POST if bound and request.method == "POST" else None,
        part=queries.method_of(project),
        sources=list(data_sources_of(project)),
        people=people,
        initial=initial or {},
    )


def _list(request: SignedInRequest, project: Project, form: FeatureForm) -> dict[str, object]:
    words, show = asked(request.GET, "q", most=200), request.GET.get("show", "")
    return {
        "project": project,
        "form": form,
        "import_form": ImportForm(),
        "words": words,
        "show": show if show in SHOWN else "",
        "shown": SHOWN.items(),
        "page": page_of(request, queries.features_of(project, words=words, show=show)),
        "query": urlencode({"q": words, "show": show}),
        "duplicates": queries.duplicates_of(project),
        "part": queries.method_of(project).features,
        "may_register": can(request.user, Right.CONTRIBUTE, project),
        "may_manage": can(request.user, Right.MANAGE, project),
    }
