"""The page that asks a gate under another revision of a policy."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.requests import SignedInRequest
from apps.core.errors import Invalid
from apps.core.htmx import page
from apps.gates import forms
from apps.gates.dryrun import dry_run
from apps.gates.showing import HOLDS
from apps.policies import queries as policies
from apps.registry.queries import version_for


@login_required
@require_GET
def ask(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show what a gate would say; a GET form, for nothing is written."""
    version = version_for(request.user, pk)
    project = version.model.project
    pack = policies.pack_of(project.policy_revision)
    stages = [(one.key, one.title) for one in pack.stages]
    revisions = list(policies.revisions())
    ahead = next((rule.to_stage for rule in pack.moves_from(version.stage) if rule.gate), None)
    form = forms.DryRunForm(
        request.GET or None, stages=stages, revisions=revisions, initial={"to": ahead} if ahead else None
    )
    context = {"version": version, "project": project, "form": form}
    if form.is_valid():
        slug, _, number = form.cleaned_data["revision"].partition(":")
        try:
            found = dry_run(version, form.cleaned_data["to"], policies.revision_named(slug, number))
        except Invalid as error:
            form.add_error(None, error.sentence)
        else:
            context |= {"run": found, "gate": found.view, "criteria": found.view.ordered}
            context["held"] = sum(found.view.count(state) for state in HOLDS)
    return page(request, "gates/dry_run.html", context, status=422 if form.errors else 200)
