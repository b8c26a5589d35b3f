"""Calls about runs: their life, and searching them."""

from typing import Any

from apps.core.errors import Invalid
from apps.core.ids import new_id
from apps.experiments import lifecycle, services
from apps.experiments.recording import NAME_TAG
from apps.mlflow import queries, reading, searching
from apps.mlflow.answers import (
    DEFAULT_ID,
    STATE_NUMBERS,
    STATES,
    USER_TAG,
    info,
    moment,
    run_document,
    shown_run,
)
from apps.mlflow.callers import Caller
from apps.mlflow.calls.limits import LONGEST_KEY, demand_value, page_size, run_id, tags_of, view, wrong
from apps.mlflow.filters import RUNS
from apps.mlflow.messages import CreateRun, RunNamed, SearchRuns, UpdateRun
from apps.registry import services as registry


def create(caller: Caller, form: CreateRun) -> dict[str, Any]:
    """Begin a run; without a name it gets one."""
    tags = tags_of(form.tags)
    name = _name(form.run_name or tags.get(NAME_TAG) or f"run-{new_id().hex[-8:]}")
    if form.run_name and tags.get(NAME_TAG, form.run_name) != form.run_name:
        raise Invalid(
            f"Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with different values "
            f"(run_name='{form.run_name[:100]}', {NAME_TAG}='{tags[NAME_TAG][:100]}').",
            code="two_names",
        )
    tags[NAME_TAG] = name
    if form.user_id:
        tags.setdefault(USER_TAG, demand_value(form.user_id, "user_id", LONGEST_KEY))
    started = None if form.start_time is None else moment(form.start_time, parameter="start_time")
    experiment = queries.experiment_of(caller, form.experiment_id or DEFAULT_ID)
    run = services.start_run(experiment, name=name, by=caller.user, tags=tags, started_at=started)
    return {"run": run_document(shown_run(run))}


def _name(given: str) -> str:
    return demand_value(given.strip(), "run_name", LONGEST_KEY)


def get(caller: Caller, form: RunNamed) -> dict[str, Any]:
    """Return a run, deleted or not."""
    named = run_id(form)
    key = queries.uuid_of(named)
    found = reading.one_run_document(caller, key) if key else None
    return {"run": found or run_document(shown_run(queries.run_of(caller, named)))}


def update(caller: Caller, form: UpdateRun) -> dict[str, Any]:
    """Set a run's state, its time of end, its name."""
    run = queries.run_of(caller, run_id(form))
    state = _state(form.status)
    ended = None if form.end_time is None else moment(form.end_time, parameter="end_time")
    name = _name(form.run_name or "")
    run = lifecycle.update_run(run, name=name, state=state, ended_at=ended, by=caller.user)
    return {"run_info": info(shown_run(run))}


def _state(given: str | int | None) -> str | None:
    if given is None or given == "":
        return None
    name = STATE_NUMBERS.get(str(given), str(given))
    if name not in STATES:
        raise wrong(name, "status", f"choose one of {', '.join(STATES)}.")
    return STATES[name]


def delete(caller: Caller, form: RunNamed) -> dict[str, Any]:
    """Delete a run that no version came from; it can be restored."""
    registry.delete_run(queries.run_of(caller, run_id(form)), by=caller.user)
    return {}


def restore(caller: Caller, form: RunNamed) -> dict[str, Any]:
    """Restore a deleted run."""
    lifecycle.restore_run(queries.run_of(caller, run_id(form)), by=caller.user)
    return {}


def search(caller: Caller, form: SearchRuns) -> dict[str, Any]:
    """Return a page of the runs of some experiments that fit."""
    comparisons, order = searching.parsed(form.filter, form.order_by, RUNS)
    wanted = searching.Search(
        comparisons=comparisons,
        order=order,
        deleted=view(form.run_view_type, "run_view_type"),
        most=page_size(form.max_results, default=1000, most=50_000),
        after=form.page_token or "",
    )
    keys = queries.experiment_keys(caller, form.experiment_ids or ())
    ids, following = searching.search_runs(keys, wanted) if keys else ([], "")
    document: dict[str, Any] = {"runs": reading.run_documents(caller, ids)}
    return document | ({"next_page_token": following} if following else {})
