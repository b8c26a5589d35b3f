"""The page of the rubric."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core import charts
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.evidence.services import collect
from apps.projects.permissions import Right, can
from apps.registry.queries import version_for
from apps.rubrics import queries, services
from apps.rubrics.forms import ScoreForm


@login_required
@require_http_methods(["GET", "POST"])
def rubric(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show the score and what lifts it; score one dimension at a time."""
    version = version_for(request.user, pk)
    board = queries.board_of(version, collect(version).document)
    form = ScoreForm(request.POST or None, auto_id=f"id_{request.POST.get('dimension', '')[:60]}_%s")
    if request.method == "POST" and form.is_valid():
        suggested = {row.dimension.key: row.suggested for row in board.rows}.get(
            form.cleaned_data["dimension"]
        )
        if attempt(form, services.score, version, by=request.user, suggested=suggested, **form.cleaned_data):
            messages.success(request, "The score is saved.")
            return redirect("rubrics:rubric", pk=pk)
    return page(
        request,
        "rubrics/rubric.html",
        _context(request, version, board, form),
        status=422 if form.errors else 200,
    )


def _context(
    request: SignedInRequest, version: object, board: queries.Board, form: ScoreForm
) -> dict[str, object]:
    bars = [
        (row.dimension.title, row.dimension.weight, row.score.level if row.score else None, row.suggested)
        for row in board.rows
    ]
    forms = [
        (row, form if request.POST.get("dimension") == row.dimension.key else _empty(row))
        for row in board.rows
    ]
    project = version.model.project  # type: ignore[attr-defined]
    return {
        "version": version,
        "project": project,
        "board": board,
        "rows": forms,
        "chart": charts.dimension_bars(bars, total=board.total, band=board.band),
        "decision": can(request.user, Right.SCORE, project),
        "may_suggest": can(request.user, Right.ANSWER, project),
    }


def _empty(row: queries.Row) -> ScoreForm:
    initial = {"dimension": row.dimension.key, "level": row.score.level if row.score else row.suggested}
    return ScoreForm(initial=initial, auto_id=f"id_{row.dimension.key}_%s")


@login_required
@require_POST
def suggest(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Let a worker compute the suggestion."""
    job = services.request_suggestion(version_for(request.user, pk), by=request.user)
    return redirect("jobs:job", pk=job.pk)
