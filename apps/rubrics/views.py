"""The pages of the rubric."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.requests import SignedInRequest
from apps.core import charts
from apps.core.forms import attempt
from apps.core.htmx import page
from apps.core.paging import page_of
from apps.evidence.services import collect
from apps.projects.permissions import Right, can
from apps.registry.models import Version
from apps.registry.queries import version_for
from apps.rubrics import queries, scoring, services
from apps.rubrics.blind import Panel, panel_for
from apps.rubrics.forms import ConsensusForm, RoundForm, ScoreForm, WhatIfForm


@login_required
@require_http_methods(["GET", "POST"])
def rubric(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Show the score and what lifts it; score any dimensions with one form."""
    version = version_for(request.user, pk)
    board = queries.board_of(version, collect(version).document)
    panel = panel_for(request.user, board.rubric, board.scorecard) if board.blind else None
    form = _score_form(request, board, panel)
    if request.method == "POST" and form.is_valid():
        # Blind, each reviewer has a sheet of their own, and must not learn that another has scored.
        expect = None if board.blind else form.expect
        if attempt(form, services.score_all, version, given=form.given, by=request.user, expect=expect):
            messages.success(request, "The score is saved.")
            return redirect("rubrics:rubric", pk=pk)
    return _page(request, version, board, panel, {"form": form})


def _score_form(request: SignedInRequest, board: queries.Board, panel: Panel | None) -> ScoreForm:
    before = panel.mine if panel is not None else _open_scores(board)
    sent = request.POST if request.method == "POST" else None
    return ScoreForm(sent, rubric=board.rubric, suggested=board.suggested, before=before)


def _open_scores(board: queries.Board) -> dict[str, Any]:
    return {row.dimension.key: row.score for row in board.rows if row.score is not None}


@login_required
@require_POST
def consensus(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Set the agreed level of a dimension on which the blind scores differ."""
    version = version_for(request.user, pk)
    form = ConsensusForm(request.POST, auto_id=f"id_{request.POST.get('dimension', '')[:60]}_%s")
    return _act(request, version, form, services.agree, "The agreed level is saved.", "consensus")


@login_required
@require_POST
def new_round(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Set the agreed score aside and score anew."""
    version = version_for(request.user, pk)
    form = RoundForm(request.POST, auto_id="id_round_%s")
    return _act(request, version, form, services.start_round, "A new round began.", "round")


def _act(
    request: SignedInRequest, version: Version, form: forms.Form, act: Any, done: str, name: str
) -> HttpResponse:
    """Do one thing with the whole rubric, and show the page with the form when it is refused."""
    can(request.user, Right.SCORE, version.model.project).enforce()
    if form.is_valid() and attempt(form, act, version, by=request.user, **form.cleaned_data):
        messages.success(request, done)
        return redirect("rubrics:rubric", pk=version.pk)
    board = queries.board_of(version, collect(version).document)
    panel = panel_for(request.user, board.rubric, board.scorecard) if board.blind else None
    before = panel.mine if panel is not None else _open_scores(board)
    scores = ScoreForm(rubric=board.rubric, suggested=board.suggested, before=before)
    return _page(request, version, board, panel, {"form": scores, name: form})


def _page(
    request: SignedInRequest,
    version: Version,
    board: queries.Board,
    panel: Panel | None,
    filled: dict[str, Any],
) -> HttpResponse:
    project = version.model.project
    bars = [(row.dimension.title, row.dimension.weight, row.level, row.suggested) for row in board.rows]
    band = board.band if board.scored else "not scored throughout yet"
    decision = can(request.user, Right.SCORE, project)
    form: ScoreForm = filled["form"]
    context = {
        "version": version,
        "project": project,
        "board": board,
        "panel": panel,
        "rows": [(row, *form.fields_of(row.dimension.key)) for row in board.rows],
        "opinions": _opinions(panel, filled.get("consensus")),
        "round_form": filled.get("round") or RoundForm(auto_id="id_round_%s"),
        "form": form,
        "chart": charts.dimension_bars(bars, total=board.total, band=band),
        "history": _history(version, board),
        "decision": decision,
        "may_score": bool(decision) and _seat(panel),
        "may_suggest": can(request.user, Right.ANSWER, project),
        **_what_if(request, board),
    }
    failed = any(one.errors for one in filled.values())
    return page(request, "rubrics/rubric.html", context, status=422 if failed else 200)


def _history(version: Version, board: queries.Board) -> charts.Chart | None:
    history = queries.history_of(version.model)
    points = [(one.at, f"v{one.number}", one.scored, one.suggested) for one in history]
    bands = [(band.threshold, band.title) for band in board.rubric.bands if band.threshold]
    return charts.score_history(points, bands=bands) if points else None


def _seat(panel: Panel | None) -> bool:
    """Whether a reviewer can still score: always openly, blind while the seat is theirs and nothing is shown."""
    if panel is None:
        return True
    return not panel.revealed and (not panel.is_full or bool(panel.mine))


def _opinions(panel: Panel | None, failed: ConsensusForm | None) -> list[tuple[Any, ConsensusForm | None]]:
    """Return each dimension of a revealed round, with a form where reviewers differ."""
    found = []
    for one in panel.opinions if panel is not None else ():
        key, form = one.dimension.key, None
        if one.differs:
            level = one.agreed if one.agreed is not None else ""
            form = ConsensusForm(
                initial={"dimension": key, "level": level}, about=one.dimension, auto_id=f"id_{key}_%s"
            )
        if failed is not None and failed.data.get("dimension") == key:
            form = failed
        found.append((one, form))
    return found


def _what_if(request: SignedInRequest, board: queries.Board) -> dict[str, Any]:
    """Return the form for trying levels out, and the total that the tried ones would make."""
    tried = request.GET if "what_if" in request.GET else None
    levels = board.levels if board.scored else board.suggested
    form = WhatIfForm(tried, rubric=board.rubric, levels=levels, auto_id="id_if_%s")
    if tried is None or not form.is_valid():
        return {"what_if": form}
    total = scoring.total(board.rubric, form.cleaned_data)
    return {"what_if": form, "tried": total, "tried_band": board.rubric.band_of(total)}


@login_required
@require_POST
def suggest(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Let a worker compute the suggestion."""
    job = services.request_suggestion(version_for(request.user, pk), by=request.user)
    return redirect("jobs:job", pk=job.pk)


@login_required
@require_GET
def comparison(request: SignedInRequest) -> HttpResponse:
    """Compare my projects by the newest version of each that is scored."""
    rows = queries.comparison_for(request.user)
    columns = queries.dimensions_of(rows)
    table = [(row, [row.levels.get(key) for key, _ in columns]) for row in rows]
    scored = sum(1 for row in rows if row.version is not None)
    context = {"page": page_of(request, table), "columns": columns, "scored": scored}
    return page(request, "rubrics/comparison.html", context)
