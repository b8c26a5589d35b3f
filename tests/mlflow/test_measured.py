"""Points of metrics that say of which logged model they are: kept, shown at the model, and searched by."""

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.experiments.models import Metric, ModelMetric
from tests.mlflow.test_logged import ABSENT, INVALID, got, logged

POINT = {"key": "auc", "value": 0.5, "timestamp": 1000, "step": 1}


@pytest.fixture
def run(mlflow):
    return mlflow.run()


@pytest.fixture
def model(mlflow, run):
    return logged(mlflow, source_run_id=run)["info"]["model_id"]


def metrics(mlflow, model):
    return got(mlflow, model)["data"]["metrics"]


def test_a_point_is_the_runs_and_the_models(mlflow, run, model):
    of = {"model_id": model, "dataset_name": "held out", "dataset_digest": "d1"}
    for _ in range(2):
        mlflow.post("runs/log-metric", run_id=run, **POINT, **of)
    assert metrics(mlflow, model) == [{**POINT, "run_id": run, **of}]
    assert mlflow.get("runs/get", run_id=run)["run"]["data"]["metrics"] == [POINT]
    assert (Metric.objects.count(), ModelMetric.objects.count()) == (1, 1)
    assert mlflow.post("logged-models/search", experiment_ids=["0"])["models"] == [got(mlflow, model)]


def test_a_batch_says_it_of_each_point(mlflow, run, model):
    second = logged(mlflow)["info"]["model_id"]
    points = [
        {**POINT, "model_id": model},
        {**POINT, "step": 2, "value": "NaN", "model_id": second},
        {**POINT, "step": 3},
    ]
    mlflow.post("runs/log-batch", run_id=run, metrics=points, params=[{"key": "p", "value": "1"}])
    assert metrics(mlflow, model) == [{**POINT, "run_id": run, "model_id": model}]
    assert [(one["step"], one["value"]) for one in metrics(mlflow, second)] == [(2, "NaN")]
    assert (Metric.objects.count(), mlflow.data(run)["params"]) == (3, {"p": "1"})


def test_after_the_end_of_the_run_it_is_an_event(mlflow, run, model):
    mlflow.post("runs/update", run_id=run, status="FINISHED")
    mlflow.post("runs/log-metric", run_id=run, **POINT, model_id=model)
    assert len(metrics(mlflow, model)) == 1
    assert Event.objects.get(kind="experiments.run_amended").data["points"] == 1


@pytest.mark.parametrize(
    ("wrong", "refused"),
    [
        ({"model_id": "m-" + "0" * 32}, ABSENT),
        ({"model_id": "x"}, ABSENT),
        ({"dataset_name": "x" * 501}, INVALID),
        ({"dataset_digest": "x" * 37}, INVALID),
        ({"dataset_name": 3}, INVALID),
    ],
)
def test_a_wrong_point_is_refused_with_all_of_its_request(mlflow, run, model, wrong, refused):
    asked = {**POINT, "model_id": model, **wrong}
    assert mlflow.refused("runs/log-metric", run_id=run, **asked)[:2] == refused
    assert mlflow.refused("runs/log-batch", run_id=run, metrics=[POINT, asked])[:2] == refused
    assert not Metric.objects.exists()


def test_a_model_of_another_project_is_not_there(mlflow, other, model):
    apart = other.run()
    assert other.refused("runs/log-metric", run_id=apart, **POINT, model_id=model)[:2] == ABSENT


def test_long_names_of_datasets_are_kept(mlflow, run, model):
    name = "".join(chr(0x4E00 + place) for place in range(500))
    mlflow.post("runs/log-metric", run_id=run, **POINT, model_id=model, dataset_name=name)
    assert metrics(mlflow, model)[0]["dataset_name"] == name


def test_only_the_latest_thousand_points_are_shown(mlflow, run, model):
    for start in (0, 1000):
        points = [{**POINT, "step": step, "model_id": model} for step in range(start, start + 1000)][:600]
        mlflow.post("runs/log-batch", run_id=run, metrics=points)
    shown = [one["step"] for one in metrics(mlflow, model)]
    assert shown == [*range(200, 600), *range(1000, 1600)]


def test_no_metric_is_missing_because_another_has_many_points(mlflow, run, model):
    once = [{**POINT, "key": "f1", "model_id": model}, {**POINT, "dataset_name": "test", "model_id": model}]
    many = [{**POINT, "timestamp": 2000, "step": step, "model_id": model} for step in range(1000)]
    mlflow.post("runs/log-batch", run_id=run, metrics=once)
    for half in (many[:500], many[500:]):
        mlflow.post("runs/log-batch", run_id=run, metrics=half)
    shown = metrics(mlflow, model)
    assert {(one["key"], one.get("dataset_name")) for one in shown[:2]} == {("f1", None), ("auc", "test")}
    assert [one["step"] for one in shown[2:]] == list(range(2, 1000))


def test_a_page_of_many_models_shows_fewer_points_of_each(mlflow, run, model, monkeypatch):
    monkeypatch.setattr("apps.mlflow.logged.MOST_POINTS_OF_PAGE", 6)
    second = logged(mlflow, name="forest")["info"]["model_id"]
    for of in (model, second):
        points = [{**POINT, "step": step, "model_id": of} for step in range(5)]
        mlflow.post("runs/log-batch", run_id=run, metrics=points)
    found = mlflow.post("logged-models/search", experiment_ids=["0"])["models"]
    assert [[one["step"] for one in each["data"]["metrics"]] for each in found] == [[2, 3, 4], [2, 3, 4]]
    assert len(metrics(mlflow, model)) == 5


def test_models_are_searched_by_what_was_measured(mlflow, run, model):
    second = logged(mlflow, name="forest")["info"]["model_id"]
    logged(mlflow, name="bare")
    for of, value, step, dataset in (
        (model, 0.9, 1, "train"),
        (model, 0.2, 2, "test"),
        (second, 0.5, 1, "test"),
    ):
        mlflow.post(
            "runs/log-metric",
            run_id=run,
            **{**POINT, "value": value, "step": step},
            model_id=of,
            dataset_name=dataset,
            dataset_digest=f"{dataset} 1",
        )

    def search(filter="", **more):
        found = mlflow.post("logged-models/search", experiment_ids=["0"], filter=filter, **more)["models"]
        return [one["info"]["name"] for one in found]

    assert search("metrics.auc > 0.8") == ["trees"]
    assert search("metrics.auc < 0.6") == ["forest", "trees"]
    assert search("metrics.none < 0.6") == []
    test, train = {"dataset_name": "test"}, {"dataset_name": "train", "dataset_digest": "train 1"}
    assert search(datasets=[test]) == ["forest", "trees"]
    assert search(datasets=[train]) == ["trees"]
    assert search(datasets=[train, test]) == ["forest", "trees"]
    assert search(datasets=[{**train, "dataset_digest": "other"}]) == []
    assert search("metrics.auc > 0.4 AND name LIKE '%'", datasets=[test]) == ["forest"]
    by = {"field_name": "metrics.auc"}
    assert search(order_by=[by]) == ["trees", "forest", "bare"]
    assert search(order_by=[{**by, "ascending": False}]) == ["forest", "trees", "bare"]


def test_a_search_names_so_many_datasets_and_no_more(mlflow):
    wanted = [{"dataset_name": f"d{number}"} for number in range(101)]
    found = mlflow.post("logged-models/search", experiment_ids=["0"], datasets=wanted[:100])
    assert found == {"models": []}
    refused = mlflow.refused("logged-models/search", experiment_ids=["0"], datasets=wanted)
    assert refused[:2] == INVALID


def test_a_search_reads_the_points_of_a_page_at_once(mlflow, run):
    counts = []
    for _ in range(2):
        for _ in range(2):
            mlflow.post("runs/log-metric", run_id=run, **POINT, model_id=logged(mlflow)["info"]["model_id"])
        with CaptureQueriesContext(connection) as queries:
            mlflow.post("logged-models/search", experiment_ids=["0"])
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_points_only_grow(mlflow, run, model):
    mlflow.post("runs/log-metric", run_id=run, **POINT, model_id=model)
    for change in (ModelMetric.objects.all().delete, lambda: ModelMetric.objects.update(value=1)):
        with pytest.raises((IntegrityError, InternalError, ProgrammingError)), transaction.atomic():
            change()
