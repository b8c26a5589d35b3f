"""The page of a checklist."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import SignedInRequest
from apps.checklists import queries, services
from apps.checklists.forms import AnswerForm
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.evidence.services import collect
from apps.projects.permissions import Right, can
from apps.registry.queries import version_for


@login_required
@require_http_methods(["GET", "POST"])
def checklist(request: SignedInRequest, pk: UUID, key: str) -> HttpResponse:
    """Show a checklist; answer one item at a time."""
    version = version_for(request.user, pk)
    form = AnswerForm(request.POST or None, auto_id=f"id_{request.POST.get('item', '')[:60]}_%s")
    if request.method == "POST" and form.is_valid():
        opened = attempt(form, services.open_checklist, version, key=key, by=request.user)
        if opened and attempt(form, services.answer, opened, by=request.user, **form.cleaned_data):
            messages.success(request, "The answer is saved.")
            return redirect("checklists:checklist", pk=pk, key=key)
    sheet = queries.sheet_of(version, key, collect(version).document)
    forms = [
        (line, form if request.POST.get("item") == line.item.key else _empty(line)) for line in sheet.lines
    ]
    decision = can(request.user, Right.ANSWER, version.model.project)
    context = {
        "version": version,
        "project": version.model.project,
        "sheet": sheet,
        "lines": forms,
        "decision": decision,
    }
    return page(request, "checklists/checklist.html", context, status=422 if form.errors else 200)


def _empty(line: queries.Line) -> AnswerForm:
    initial = {"item": line.item.key}
    if line.answer is not None:
        initial |= {
            "value": line.answer.value,
            "reason": line.answer.reason,
            "evidence_url": line.answer.evidence_url,
        }
    return AnswerForm(initial=initial, auto_id=f"id_{line.item.key}_%s")
