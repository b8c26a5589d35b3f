"""What is kept and not shown or judged: values that are no numbers, and what was deleted."""

import io
import math

import pytest
from django.http import Http404

from apps.commands.queries import hits_for
from apps.core.errors import Invalid
from apps.costs.queries import attribution_choices
from apps.experiments import advice, comparing, evidence, lifecycle, queries, recording, services, usage
from apps.experiments.columns import Column, Condition, Wanted
from apps.experiments.tables import Among, sorted_runs
from apps.registry import services as registry
from tests.experiments.test_runs import small, tried  # noqa: F401 - fixtures


@pytest.fixture
def runs(tried, dev):  # noqa: F811
    made = {}
    for name, value in (("low", 0.2), ("high", 0.9), ("nan", math.nan), ("endless", math.inf)):
        made[name] = run = services.start_run(tried, name=name, by=dev)
        points = [services.MetricPoint("auc", value, 1), services.MetricPoint("auc", 0.1, 0)]
        recording.log_batch(run, batch=recording.Batch(points=points), by=dev)
    return made


def names(among, **wanted):
    return [run.name for run in sorted_runs(among, Wanted(**wanted))[0:25]]


def test_a_table_has_what_is_no_number_last(tried, runs):  # noqa: F811
    among = Among(tried.project, tried)
    assert names(among, sort=Column("metric", "auc"), descending=True) == ["high", "low", "endless", "nan"]
    assert names(among, conditions=(Condition("auc", "gt", 0.1),)) == ["high", "low"]


def test_nothing_is_judged_or_drawn_by_what_is_no_number(tried, runs, dev):  # noqa: F811
    assert queries.latest_metrics([runs["nan"].pk]) == {}
    curves = queries.metric_curves([runs["nan"].pk, runs["endless"].pk], ["auc"])
    assert list(curves["auc"].values()) == [[(0, 0.1)], [(0, 0.1)]]
    (shown,) = queries.experiments_of(dev, tried.project)
    assert (shown.lowest, shown.highest) == (0.2, 0.9)
    comparison = comparing.compare(tried.project, [one.pk for one in runs.values()])
    assert comparison.best.run == runs["high"]
    model = registry.create_model(tried.project, slug="m", name="m", by=dev)
    version = registry.register_version(model, run=runs["nan"], by=dev)
    assert evidence.facts(version, {})["run"]["metrics"] == {}


def test_a_deleted_run_is_nowhere(tried, runs, dev):  # noqa: F811
    registry.delete_run(runs["high"], by=dev)
    among = Among(tried.project, tried)
    assert names(among, sort=Column("metric", "auc"), descending=True) == ["low", "endless", "nan"]
    (shown,) = queries.experiments_of(dev, tried.project)
    assert (shown.run_count, shown.highest) == (3, 0.2)
    with pytest.raises(Http404):
        queries.run_for(dev, runs["high"].pk)
    with pytest.raises(Http404):
        comparing.compare(tried.project, [runs["high"].pk])
    assert runs["high"] not in attribution_choices(tried.project)["runs"]
    assert advice.situation_of(tried)["experiment"]["runs"] == 3
    lifecycle.restore_run(runs["high"], by=dev)
    assert queries.run_for(dev, runs["high"].pk)


def test_a_deleted_experiment_is_nowhere(tried, runs, dev):  # noqa: F811
    run = services.start_run(tried, name="with", features=["age"], by=dev)
    assert [hit.title for hit in hits_for(dev, tried.name, tried.project) if hit.kind == "Experiment"]
    assert usage.feature_use(tried.project).unregistered == [("age", 1)]
    registry.delete_experiment(tried, by=dev)
    assert not [hit for hit in hits_for(dev, tried.name, tried.project) if hit.kind == "Experiment"]
    assert usage.feature_use(tried.project).unregistered == []
    assert run not in attribution_choices(tried.project)["runs"]


def test_points_that_come_late_take_nothing_back(tried, dev):  # noqa: F811
    run = services.start_run(tried, name="r", by=dev)
    early = queries.run_for(dev, run.pk)
    recording.log_batch(run, batch=recording.Batch(params={"C": "1"}, tags={"team": "a"}), by=dev)
    services.end_run(run, by=dev)
    points = [services.MetricPoint("auc", 0.5, 0)]
    recording.log_batch(early, batch=recording.Batch(points=points), by=dev)
    now = queries.run_for(dev, run.pk)
    assert (now.params["C"], now.tags["team"]) == ("1", "a")


def test_a_path_is_a_file_or_a_folder(tried, dev):  # noqa: F811
    run = services.start_run(tried, name="r", by=dev)
    services.log_artifact(run, path="a", stream=io.BytesIO(b"x"), by=dev)
    with pytest.raises(Invalid, match="a path is a file or a folder"):
        services.log_artifact(run, path="a/b", stream=io.BytesIO(b"x"), by=dev)
