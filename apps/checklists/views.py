"""The page of a checklist."""

from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.checklists import migrating, queries, services
from apps.checklists.forms import AnswerForm, AssignForm, CommentForm, ItemForm, MigrationForm
from apps.core import blobs
from apps.core.clock import today
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.evaluations.enums import EvaluationState
from apps.evaluations.queries import evaluations_of
from apps.projects.permissions import ROLES, Right, can
from apps.projects.queries import members_of
from apps.registry.models import Version
from apps.registry.queries import version_for

SHOWN_EVALUATIONS = 20


@login_required
@require_http_methods(["GET", "POST"])
def checklist(request: SignedInRequest, pk: UUID, key: str) -> HttpResponse:
    """Show a checklist; answer one item at a time."""
    version = version_for(request.user, pk)
    chosen = _evaluations(version)
    form = None
    if request.method == "POST":
        form = AnswerForm(request.POST, request.FILES, evaluations=chosen, auto_id=_ids("answer", request))
        if form.is_valid() and _answer(request, version, key, form):
            messages.success(request, "The answer is saved.")
            return _back(version, key, form)
    return _page(request, version, key, form, chosen)


def _answer(request: SignedInRequest, version: Version, key: str, form: AnswerForm) -> bool:
    fields = form.cleaned_data
    file = fields.get("file")
    shown = services.Shown(fields["text"], file, file.name if file else "", fields.get("evaluation"))
    opened = attempt(form, services.open_checklist, version, key=key, by=request.user)
    given = {name: fields[name] for name in ("item", "value", "reason", "evidence_url")}
    return bool(opened and attempt(form, services.answer, opened, by=request.user, shown=shown, **given))


@login_required
@require_POST
def assign(request: SignedInRequest, pk: UUID, key: str) -> HttpResponse:
    """Give an item to a member, or take it back."""
    version = version_for(request.user, pk)
    form = AssignForm(request.POST, members=_members(version), auto_id=_ids("assign", request))
    if form.is_valid():
        fields = form.cleaned_data
        person = UUID(fields["assignee"]) if fields["assignee"] else None
        opened = attempt(form, services.open_checklist, version, key=key, by=request.user)
        given = {"item": fields["item"], "assignee": person, "due_on": fields["due_on"]}
        if opened and attempt(form, services.assign, opened, by=request.user, **given):
            messages.success(request, "It is given to them." if person else "It is taken back.")
            return _back(version, key, form)
    return _page(request, version, key, form, _evaluations(version))


@login_required
@require_POST
def comment(request: SignedInRequest, pk: UUID, key: str) -> HttpResponse:
    """Comment on an item."""
    version = version_for(request.user, pk)
    form = CommentForm(request.POST, auto_id=_ids("comment", request))
    if form.is_valid():
        opened = attempt(form, services.open_checklist, version, key=key, by=request.user)
        if opened and attempt(form, services.comment, opened, by=request.user, **form.cleaned_data):
            messages.success(request, "The comment is saved.")
            return _back(version, key, form)
    return _page(request, version, key, form, _evaluations(version))


@login_required
@require_http_methods(["GET", "POST"])
def migration(request: SignedInRequest, pk: UUID, key: str) -> HttpResponse:
    """Show what becomes of each item under the project's policy of now, and do it."""
    version = version_for(request.user, pk)
    project = version.model.project
    sheet = queries.sheet_of(version, key, queries.judged_on(version))
    may_answer, due = can(request.user, Right.ANSWER, project), migrating.can_migrate(sheet)
    opened = sheet.checklist
    seen = {"to": project.policy_revision_id, "lock_version": opened.lock_version if opened else 1}
    form = MigrationForm(request.POST or None, initial=seen)
    if request.method == "POST":
        may_answer.enforce()
        due.enforce()
        if form.is_valid():
            asked = {"to": form.cleaned_data["to"], "expect": form.cleaned_data["lock_version"]}
            if attempt(form, services.migrate, version, key=key, by=request.user, **asked):
                messages.success(request, "The checklist follows the project's policy now.")
                return redirect("checklists:checklist", pk=pk, key=key)
    context = {
        "version": version,
        "project": project,
        "sheet": sheet,
        "steps": migrating.preview(sheet) if due else None,
        "due": due,
        "decision": may_answer,
        "form": form,
    }
    return page(request, "checklists/migration.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def evidence(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Download a file that an answer rests on, as an attachment."""
    found = queries.evidence_for(request.user, pk)
    if found.blob_id is None:
        raise Http404
    return blobs.download(found.blob_id, name=found.file_name)


def _back(version: Version, key: str, form: ItemForm) -> HttpResponse:
    answer = redirect("checklists:checklist", pk=version.pk, key=key)
    answer["Location"] += f"#{form.cleaned_data['item']}"
    return answer


def _ids(kind: str, request: SignedInRequest) -> str:
    return f"id_{kind}_{request.POST.get('item', '')[:60]}_%s"


def _evaluations(version: Version) -> list[tuple[str, str]]:
    found = evaluations_of(version).filter(state=EvaluationState.COMPLETE)[:SHOWN_EVALUATIONS]
    return [
        (str(one.pk), f"{one.prediction_set.dataset}, {one.created_at:%Y-%m-%d %H:%M} UTC") for one in found
    ]


def _members(version: Version) -> list[tuple[str, str]]:
    """Return who may be given an item."""
    members = members_of(version.model.project)
    return [(str(one.user_id), str(one.user)) for one in members if one.role in ROLES[Right.ANSWER]]


def _page(
    request: SignedInRequest,
    version: Version,
    key: str,
    failed: django_forms.Form | None,
    evaluations: list[tuple[str, str]],
) -> HttpResponse:
    """Show the sheet, with the form that failed at its item."""
    sheet = queries.sheet_of(version, key, queries.judged_on(version))
    decision = can(request.user, Right.ANSWER, version.model.project)
    people = _members(version) if decision else []
    at = request.POST.get("item") if failed is not None else None
    lines = [
        (line, _forms(line, failed if line.item.key == at else None, people, evaluations))
        for line in sheet.lines
    ]
    context = {
        "version": version,
        "project": version.model.project,
        "sheet": sheet,
        "lines": lines,
        "decision": decision,
        "due": migrating.can_migrate(sheet),
        "today": today(),
        "lost": failed if failed is not None and at not in {line.item.key for line, _ in lines} else None,
    }
    status = 422 if failed is not None and failed.errors else 200
    return page(request, "checklists/checklist.html", context, status=status)


def _forms(
    line: queries.Line,
    failed: django_forms.Form | None,
    people: list[tuple[str, str]],
    evaluations: list[tuple[str, str]],
) -> dict[str, Any]:
    """Return the three forms of an item: the one that failed as it was sent, the others as things stand."""
    item = line.item.key
    found: dict[str, Any] = {
        "answer": AnswerForm(
            initial=_said(line),
            evaluations=evaluations,
            na_allowed=line.item.na_allowed,
            auto_id=f"id_answer_{item}_%s",
        ),
        "assign": AssignForm(initial=_given(line), members=people, auto_id=f"id_assign_{item}_%s"),
        "comment": CommentForm(initial={"item": item}, auto_id=f"id_comment_{item}_%s"),
    }
    names = {AnswerForm: "answer", AssignForm: "assign", CommentForm: "comment"}
    if failed is not None:
        found[names[type(failed)]] = failed
        found["failed"] = names[type(failed)]
    return found


def _said(line: queries.Line) -> dict[str, Any]:
    """Return the newest answer of a person, so that it is confirmed or changed."""
    said: dict[str, Any] = {"item": line.item.key}
    if line.answer is not None:
        said |= {
            "value": line.answer.value,
            "reason": line.answer.reason,
            "evidence_url": line.answer.evidence_url,
        }
    return said


def _given(line: queries.Line) -> dict[str, Any]:
    given: dict[str, Any] = {"item": line.item.key}
    if line.assignment is not None:
        given |= {"assignee": line.assignment.assignee_id or "", "due_on": line.assignment.due_on}
    return given
