"""Calls about runs, and what a run logs."""

import json
import math

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.experiments import lifecycle, queries
from apps.experiments.models import Metric, Run, RunMetric


def events(run_id, kind):
    return Event.objects.filter(object_id=run_id, kind=f"experiments.{kind}").count()


def test_a_run_is_made(mlflow, project):
    tags = [{"key": "mlflow.user", "value": "eve"}, {"key": "mlflow.source.name", "value": "train.py"}]
    run = mlflow.post("runs/create", experiment_id="0", run_name="first", start_time="456", tags=tags)["run"]
    info = run["info"]
    assert info["run_id"] == info["run_uuid"] == Run.objects.get().pk.hex
    assert info["run_name"] == "first"
    assert (info["status"], info["lifecycle_stage"], info["start_time"]) == ("RUNNING", "active", 456)
    assert info["user_id"] == "eve"
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/{info['run_id']}/artifacts"
    assert "end_time" not in info
    assert {one["key"] for one in run["data"]["tags"]} == {
        "mlflow.user",
        "mlflow.source.name",
        "mlflow.runName",
    }
    assert mlflow.get("runs/get", run_uuid=info["run_id"])["run"] == run
    assert events(info["run_id"], "run_started") == 1


def test_a_run_without_a_name_gets_one(mlflow):
    run = mlflow.post("runs/create", user_id="eve")["run"]
    assert run["info"]["run_name"].startswith("run-")
    assert run["info"]["user_id"] == "eve"
    named = mlflow.post("runs/create", tags=[{"key": "mlflow.runName", "value": "tagged"}])["run"]
    assert named["info"]["run_name"] == "tagged"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}, "INVALID_PARAMETER_VALUE"),
        ({"run_name": "x" * 251}, "INVALID_PARAMETER_VALUE"),
        ({"start_time": -1}, "INVALID_PARAMETER_VALUE"),
        ({"start_time": 2**62}, "INVALID_PARAMETER_VALUE"),
        ({"experiment_id": "77777"}, "RESOURCE_DOES_NOT_EXIST"),
        ({"experiment_id": 1.5}, "INVALID_PARAMETER_VALUE"),
        ({"tags": [{"value": "no key"}]}, "INVALID_PARAMETER_VALUE"),
        ({"tags": [{"key": "a" * 251, "value": "x"}]}, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_a_wrong_run_is_refused(mlflow, body, code):
    assert mlflow.refused("runs/create", **body)[1] == code


@pytest.mark.parametrize("given", ["x", "0" * 32, "g" * 32, "0" * 31 + "-", ""])
def test_a_run_that_is_not_there(mlflow, given):
    status, code, message = mlflow.refused("runs/get", method="get", run_id=given)
    assert (status, code) in {(404, "RESOURCE_DOES_NOT_EXIST"), (400, "INVALID_PARAMETER_VALUE")}
    assert given == "" or "not found" in message


def test_an_id_has_one_spelling(mlflow):
    run = mlflow.run()
    assert run.startswith("0")
    for given in (run.upper(), "+" + run[1:]):
        assert mlflow.refused("runs/get", method="get", run_id=given)[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
        body = {"run_id": given, "key": "a", "value": "1"}
        assert mlflow.refused("runs/set-tag", **body)[:2] == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("status", "state"), [("FINISHED", "finished"), ("FAILED", "failed"), ("KILLED", "killed"), (5, "killed")]
)
def test_a_run_ends_with_an_event(mlflow, status, state):
    run = mlflow.run()
    found = mlflow.post("runs/update", run_id=run, status=status, end_time=2_000_000_000_000)["run_info"]
    assert (found["status"], found["end_time"]) == (state.upper(), 2_000_000_000_000)
    event = Event.objects.get(object_id=run, kind="experiments.run_ended")
    assert event.data["state"] == state
    assert len(event.data["logged_digest"]) == 64


def test_a_run_that_ended_is_resumed(mlflow):
    run = mlflow.run()
    mlflow.post("runs/update", run_id=run, status="FINISHED")
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["end_time"] > 0
    resumed = mlflow.post("runs/update", run_id=run, status="RUNNING")["run_info"]
    assert resumed["status"] == "RUNNING"
    assert "end_time" not in resumed
    assert events(run, "run_reopened") == 1
    found = mlflow.post("runs/update", run_id=run, status="SCHEDULED")["run_info"]
    assert found["status"] == "SCHEDULED"
    assert mlflow.refused("runs/update", run_id=run, status="GONE")[1] == "INVALID_PARAMETER_VALUE"


def test_a_name_is_changed_by_call_or_by_tag(mlflow):
    run = mlflow.run(run_name="a")
    assert mlflow.post("runs/update", run_id=run, run_name="b")["run_info"]["run_name"] == "b"
    assert mlflow.data(run)["tags"]["mlflow.runName"] == "b"
    mlflow.post("runs/set-tag", run_id=run, key="mlflow.runName", value="c")
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["run_name"] == "c"
    assert events(run, "run_renamed") == 2


def test_what_a_run_logs_comes_back(mlflow, project, dev):
    run = mlflow.run()
    mlflow.post("runs/log-metric", run_id=run, key="auc", value=0.5, timestamp=1000, step=1)
    mlflow.post("runs/log-metric", run_uuid=run, key="auc", value="0.7", timestamp="900", step="2")
    mlflow.post("runs/log-parameter", run_id=run, key="depth", value="9")
    mlflow.post("runs/log-parameter", run_id=run, key="empty", value="")
    mlflow.post("runs/set-tag", run_id=run, key="team", value="a")
    mlflow.post("runs/set-tag", run_id=run, key="team", value="b")
    data = mlflow.data(run)
    assert data["metrics"] == {"auc": 0.7}
    assert data["params"] == {"depth": "9", "empty": ""}
    assert data["tags"]["team"] == "b"
    mlflow.post("runs/delete-tag", run_id=run, key="team")
    assert "team" not in mlflow.data(run)["tags"]
    status, code, message = mlflow.refused("runs/delete-tag", run_id=run, key="team")
    assert (status, code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "No tag with name: team" in message
    assert queries.latest_metrics([run]) == {Run.objects.get().pk: {"auc": 0.7}}


def test_a_parameter_keeps_its_value(mlflow):
    run = mlflow.run()
    mlflow.post("runs/log-parameter", run_id=run, key="depth", value="9")
    mlflow.post("runs/log-parameter", run_id=run, key="depth", value="9")
    status, code, message = mlflow.refused("runs/log-parameter", run_id=run, key="depth", value="10")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert all(word in message for word in ("depth", "'9'", "'10'"))
    with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic():
        Run.objects.filter(pk=run).update(params={"depth": "10"})


@pytest.mark.parametrize("sent", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_kept_and_judges_nothing(mlflow, sent):
    run = mlflow.run()
    body = f'{{"run_id": "{run}", "key": "loss", "value": {sent}, "timestamp": 5}}'
    assert mlflow.send("runs/log-metric", body).status_code == 200
    mlflow.post("runs/log-metric", run_id=run, key="loss", value=sent, timestamp=5)
    assert Metric.objects.filter(run=run).count() == 1
    assert mlflow.data(run)["metrics"] == {"loss": sent}
    history = mlflow.get("metrics/get-history", run_id=run, metric_key="loss")
    assert history == {"metrics": [{"key": "loss", "value": sent, "timestamp": 5, "step": 0}]}
    assert queries.latest_metrics([run]) == {}


def test_the_latest_is_by_step_then_time_then_value(mlflow):
    run = mlflow.run()
    for value, timestamp, step in ((1, 50, 2), (2, 60, 2), (3, 60, 2), (9, 99, 1), (0, 60, 2)):
        mlflow.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=timestamp, step=step)
    assert mlflow.data(run)["metrics"] == {"m": 3}
    points = mlflow.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert [(one["timestamp"], one["step"], one["value"]) for one in points] == [
        (50, 2, 1),
        (60, 2, 0),
        (60, 2, 2),
        (60, 2, 3),
        (99, 1, 9),
    ]


class TestBatch:
    def test_is_logged_at_once_and_only_once(self, mlflow):
        run = mlflow.run()
        batch = {
            "run_id": run,
            "metrics": [{"key": f"m{n % 3}", "value": n, "timestamp": 7, "step": n} for n in range(30)],
            "params": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}],
            "tags": [{"key": "t", "value": "1"}, {"key": "t", "value": "2"}],
        }
        for _ in range(3):
            assert mlflow.post("runs/log-batch", **batch) == {}
        assert Metric.objects.count() == 30
        data = mlflow.data(run)
        assert data["metrics"] == {"m0": 27, "m1": 28, "m2": 29}
        assert data["params"] == {"a": "1"}
        assert data["tags"]["t"] == "2"

    def test_is_all_or_nothing(self, mlflow):
        run = mlflow.run(run_name="before")
        mlflow.post("runs/log-parameter", run_id=run, key="a", value="1")
        mlflow.refused(
            "runs/log-batch",
            run_id=run,
            metrics=[{"key": "m", "value": 1, "timestamp": 1}],
            params=[{"key": "a", "value": "2"}],
            tags=[{"key": "mlflow.runName", "value": "after"}],
        )
        data = mlflow.data(run)
        assert (data["metrics"], data["params"]) == ({}, {"a": "1"})
        assert mlflow.get("runs/get", run_id=run)["run"]["info"]["run_name"] == "before"

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (
                {"metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 1001},
                "at most 1000 metrics. Got 1001",
            ),
            ({"params": [{"key": f"p{n}", "value": "1"} for n in range(101)]}, "at most 100 params. Got 101"),
            ({"tags": [{"key": f"t{n}", "value": "1"} for n in range(101)]}, "at most 100 tags. Got 101"),
            (
                {
                    "metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 950,
                    "params": [{"key": f"p{n}", "value": "1"} for n in range(51)],
                },
                "at most 1000 metrics, params, and tags together. Got 1001",
            ),
            (
                {"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
                "Duplicate parameter keys",
            ),
            ({"params": [{"key": "a", "value": "v" * 6001}]}, "exceeds the maximum length"),
            ({"tags": [{"key": "a", "value": "v" * 8001}]}, "exceeds the maximum length"),
            (
                {"metrics": [{"key": "k" * 251, "value": 1, "timestamp": 1}]},
                "exceeds the maximum length of 250 characters",
            ),
            ({"metrics": [{"key": "a//b", "value": 1, "timestamp": 1}]}, "a key is no path"),
            ({"metrics": [{"key": "../b", "value": 1, "timestamp": 1}]}, "a key is no path"),
            ({"metrics": [{"key": "a;b", "value": 1, "timestamp": 1}]}, "Names may only contain"),
            ({"metrics": [{"key": "", "value": 1, "timestamp": 1}]}, "Missing value"),
            ({"metrics": [{"key": "a", "value": "x", "timestamp": 1}]}, "'metrics[0].value'"),
            ({"metrics": [{"key": "a", "value": 1, "timestamp": -1}]}, "'metrics[0].timestamp'"),
            ({"metrics": "foo"}, "Invalid value \"foo\" for parameter 'metrics' supplied"),
        ],
    )
    def test_that_is_wrong_changes_nothing(self, mlflow, body, words):
        run = mlflow.run()
        status, code, message = mlflow.refused("runs/log-batch", run_id=run, **body)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert words in message
        data = mlflow.data(run)
        assert (data["metrics"], data["params"]) == ({}, {})

    def test_costs_the_same_for_one_point_and_for_many(self, mlflow):
        run = mlflow.run()

        def cost(count):
            metrics = [{"key": "m", "value": n, "timestamp": 1, "step": n} for n in range(count)]
            with CaptureQueriesContext(
                connection,
            ) as caught:
                mlflow.post("runs/log-batch", run_id=run, metrics=metrics)
            return len(caught)

        cost(1)
        assert cost(1000) == cost(2) < 16


class TestAfterTheEnd:
    def test_logging_is_an_event_each(self, mlflow):
        run = mlflow.run()
        mlflow.post("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)
        mlflow.post("runs/set-tag", run_id=run, key="a", value="1")
        before = Run.objects.get().lock_version
        assert events(run, "run_amended") == 0
        assert before == 1
        mlflow.post("runs/update", run_id=run, status="FINISHED")
        mlflow.post("runs/log-metric", run_id=run, key="b", value=1, timestamp=1)
        mlflow.post("runs/log-parameter", run_id=run, key="p", value="1")
        mlflow.post("runs/set-tag", run_id=run, key="b", value="1")
        mlflow.post("runs/delete-tag", run_id=run, key="b")
        mlflow.post("runs/log-inputs", run_id=run, datasets=[dataset()])
        assert events(run, "run_amended") == 5
        assert Run.objects.get().lock_version == 7
        assert mlflow.data(run)["metrics"] == {"a": 1, "b": 1}

    def test_the_database_wants_a_step(self, mlflow):
        run = mlflow.run()
        Run.objects.filter(pk=run).update(tags={"free": "yes"})
        with pytest.raises(IntegrityError, match="must step"), transaction.atomic():
            Run.objects.filter(pk=run).update(name="silently")
        mlflow.post("runs/update", run_id=run, status="FINISHED")
        with pytest.raises(IntegrityError, match="must step"), transaction.atomic():
            Run.objects.filter(pk=run).update(tags={"free": "no"})


class TestDeleting:
    def test_hides_and_restoring_shows(self, mlflow):
        run = mlflow.run()
        mlflow.post("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)
        mlflow.post("runs/delete", run_id=run)
        assert mlflow.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
        for address, body in {
            "runs/log-metric": {"key": "a", "value": 1, "timestamp": 1},
            "runs/log-parameter": {"key": "a", "value": "1"},
            "runs/set-tag": {"key": "a", "value": "1"},
            "runs/delete-tag": {"key": "a"},
            "runs/update": {"status": "FINISHED"},
            "runs/log-inputs": {"datasets": [dataset()]},
            "runs/delete": {},
        }.items():
            status, _, message = mlflow.refused(address, run_id=run, **body)
            assert status == 400, address
            assert f"The run {run} must be in" in message
        mlflow.post("runs/restore", run_id=run)
        assert mlflow.refused("runs/restore", run_id=run)[0] == 400
        assert mlflow.data(run)["metrics"] == {"a": 1}
        assert (events(run, "run_deleted"), events(run, "run_restored")) == (1, 1)

    def test_spares_what_a_version_came_from(self, mlflow, version, dev):
        status, code, message = mlflow.refused("runs/delete", run_id=version.run.pk.hex)
        assert (status, code) == (400, "INVALID_STATE")
        assert str(version) in message
        with pytest.raises(IntegrityError, match="a version came from this run"), transaction.atomic():
            lifecycle.delete_run(version.run, by=dev)
        with pytest.raises(IntegrityError, match="a version came from this run"), transaction.atomic():
            lifecycle.delete_experiment(version.run.experiment, by=dev)


def dataset(**more):
    described = {"name": "iris", "digest": "a1b2", "source_type": "local", "source": '{"uri": "x"}', **more}
    return {"dataset": described, "tags": [{"key": "mlflow.data.context", "value": "training"}]}


class TestInputs:
    def test_are_noted_once(self, mlflow):
        run = mlflow.run()
        for _ in range(2):
            mlflow.post("runs/log-inputs", run_id=run, datasets=[dataset(schema="{}"), dataset(digest="c3")])
        inputs = mlflow.get("runs/get", run_id=run)["run"]["inputs"]["dataset_inputs"]
        assert [one["dataset"]["digest"] for one in inputs] == ["a1b2", "c3"]
        assert inputs[0]["dataset"]["schema"] == "{}"
        assert inputs[0]["tags"] == [{"key": "mlflow.data.context", "value": "training"}]
        summaries = mlflow.post("experiments/search-datasets", experiment_ids=["0"])["dataset_summaries"]
        assert summaries[0] == {"experiment_id": "0", "name": "iris", "digest": "a1b2", "context": "training"}

    @pytest.mark.parametrize(
        "body",
        [
            {"datasets": [dataset(name="")]},
            {"datasets": [dataset(name="n" * 501)]},
            {"datasets": [dataset(digest="d" * 37)]},
            {"datasets": [{"tags": []}]},
            {"datasets": "x"},
            {"models": [{}]},
        ],
    )
    def test_that_are_wrong_are_refused(self, mlflow, body):
        assert mlflow.refused("runs/log-inputs", run_id=mlflow.run(), **body)[:2] == (
            400,
            "INVALID_PARAMETER_VALUE",
        )


class TestHistory:
    def test_comes_in_pages(self, mlflow):
        run = mlflow.run()
        metrics = [{"key": "m", "value": n, "timestamp": n, "step": n} for n in range(5)]
        mlflow.post("runs/log-batch", run_id=run, metrics=metrics)
        found, token = [], None
        while token != "":
            page = {"page_token": token} if token else {}
            answer = mlflow.get("metrics/get-history", run_id=run, metric_key="m", max_results=2, **page)
            found += [one["value"] for one in answer["metrics"]]
            token = answer.get("next_page_token", "")
        assert found == [0, 1, 2, 3, 4]
        assert mlflow.get("metrics/get-history", run_id=run, metric_key="none") == {"metrics": []}

    def test_of_several_runs(self, mlflow):
        runs = [mlflow.run(), mlflow.run()]
        for place, run in enumerate(runs):
            metrics = [{"key": "m", "value": n, "timestamp": 1, "step": n} for n in range(10 * (place + 1))]
            mlflow.post("runs/log-batch", run_id=run, metrics=metrics)
        whole = mlflow.get("metrics/get-history-bulk", run_id=runs, metric_key="m")["metrics"]
        assert len(whole) == 30
        some = mlflow.get(
            "metrics/get-history-bulk-interval",
            run_ids=runs,
            metric_key="m",
            start_step=2,
            end_step=15,
            max_results=3,
        )["metrics"]
        steps = {run: [one["step"] for one in some if one["run_id"] == run] for run in runs}
        assert (steps[runs[0]][0], steps[runs[0]][-1]) == (2, 9)
        assert (steps[runs[1]][0], steps[runs[1]][-1]) == (2, 15)
        assert len(steps[runs[1]]) <= 4

    @pytest.mark.parametrize(
        "query", [{}, {"max_results": 25_001}, {"max_results": "x"}, {"page_token": "zz"}]
    )
    def test_that_is_wrong_is_refused(self, mlflow, query):
        asked = {"run_id": mlflow.run(), **({"metric_key": "m"} if query else {}), **query}
        assert mlflow.refused("metrics/get-history", method="get", **asked)[:2] == (
            400,
            "INVALID_PARAMETER_VALUE",
        )


def test_the_api_says_null_for_what_is_no_number(mlflow):
    run = mlflow.run()
    mlflow.post("runs/log-metric", run_id=run, key="loss", value="NaN", timestamp=5)
    headers = {"Authorization": mlflow.authorization}
    path = f"/api/v1/runs/{RunMetric.objects.get().run_id}"
    assert mlflow.client.get(path, headers=headers).json()["metrics"] == {}
    answer = mlflow.client.get(f"{path}/metrics", headers=headers)
    assert json.loads(answer.content)["results"][0]["value"] is None
    assert math.isnan(RunMetric.objects.get().value)
