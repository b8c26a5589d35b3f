"""What MLflow's published tests of the protocol ask of a server beyond what the recorded scripts do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.experiments.models import Experiment


def names(answer):
    return [one["name"] for one in answer["experiments"]]


class TestTheDefaultExperiment:
    def test_is_found_before_its_first_use_and_reading_makes_none(self, mlflow):
        found = mlflow.post("experiments/search")["experiments"]
        assert found == [mlflow.get("experiments/get", experiment_id="0")["experiment"]]
        assert not Experiment.objects.exists()

    def test_is_found_once_after_its_first_use(self, mlflow):
        mlflow.run()
        assert names(mlflow.post("experiments/search")) == ["Default"]
        assert names(mlflow.post("experiments/search", view_type="ALL")) == ["Default"]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"filter": "name = 'Default'"}, ["Default"]),
            ({"filter": "attribute.experiment_id = '0'"}, ["Default"]),
            ({"filter": "name = 'other'"}, []),
            ({"filter": "tags.team = 'a'"}, []),
            ({"view_type": "DELETED_ONLY"}, []),
        ],
    )
    def test_fits_a_search_as_any_other(self, mlflow, asked, found):
        assert names(mlflow.post("experiments/search", **asked)) == found

    def test_of_another_project_is_not_found(self, mlflow, other, project):
        other.run()
        other.post("experiments/create", name="theirs")
        assert names(mlflow.post("experiments/search")) == ["Default"]
        assert not Experiment.objects.filter(project=project).exists()

    def test_costs_as_many_statements_as_any_other(self, mlflow):
        mlflow.post("experiments/search")
        with CaptureQueriesContext(connection) as unused:
            mlflow.post("experiments/search")
        for name in ("a", "b", "c"):
            mlflow.post("experiments/create", name=name)
        with CaptureQueriesContext(connection) as several:
            mlflow.post("experiments/search")
        assert len(several) <= len(unused) + 1


def logged(mlflow, steps, *, at=1, run=None):
    run = run or mlflow.run()
    points = [{"key": "loss", "value": 10.0, "timestamp": at, "step": step} for step in range(steps)]
    mlflow.post("runs/log-batch", run_id=run, metrics=points)
    return run


def sampled(mlflow, *runs, **more):
    asked = {"run_ids": list(runs), "metric_key": "loss", "max_results": 5, **more}
    return [
        (one["run_id"], one["step"])
        for one in mlflow.get("metrics/get-history-bulk-interval", **asked)["metrics"]
    ]


class TestPointsOfSeveralRuns:
    def test_are_never_more_than_asked_for_and_end_with_the_last(self, mlflow):
        run = logged(mlflow, 10)
        assert [step for _, step in sampled(mlflow, run)] == [0, 2, 4, 6, 9]
        assert [step for _, step in sampled(mlflow, run, start_step=0, end_step=4)] == [0, 1, 2, 3, 4]
        assert [step for _, step in sampled(mlflow, run, max_results=1)] == [9]
        assert [step for _, step in sampled(mlflow, run, max_results=2)] == [0, 9]
        logged(mlflow, 10, at=2, run=run)
        assert [step for _, step in sampled(mlflow, run)] == [0, 2, 4, 6, 9]

    def test_come_run_after_run_each_spread_over_its_own(self, mlflow):
        first, second = logged(mlflow, 10), logged(mlflow, 20)
        expected = {first: [0, 2, 4, 6, 9], second: [0, 4, 8, 12, 19]}
        for runs in ((first, second), (second, first)):
            assert sampled(mlflow, *runs) == [(run, step) for run in runs for step in expected[run]]

    def test_of_all_steps_come_in_the_order_of_the_ids(self, mlflow):
        runs = [logged(mlflow, 2) for _ in range(3)]
        answer = mlflow.get(
            "metrics/get-history-bulk", run_id=runs[::-1], metric_key="loss", max_results=30_000
        )
        assert [one["run_id"] for one in answer["metrics"]] == [run for run in sorted(runs) for _ in range(2)]

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"metric_key": "k"}, "must specify at least one run_id"),
            (
                {"metric_key": "k", "run_id": ["r"] * 101},
                "cannot specify more than 100 run_ids. Received 101",
            ),
            ({"run_id": ["r"]}, "must specify a metric_key"),
            ({"metric_key": "k", "run_id": ["r"] * 1001}, "cannot specify more than 1000 parameters"),
        ],
    )
    def test_are_refused_in_the_words_of_the_protocol(self, mlflow, asked, words):
        status, code, message = mlflow.refused("metrics/get-history-bulk", method="get", **asked)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert words in message

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"run_ids": []}, "Missing value for required parameter 'run_ids'."),
            ({"run_ids": ["r"] * 101}, "must specify at most 100 run_ids. Received 101"),
            ({"max_results": 0}, "max_results must be between 1 and 2500"),
            ({"max_results": 2501}, "max_results must be between 1 and 2500"),
            ({"metric_key": ""}, "Missing value for required parameter 'metric_key'"),
            ({"start_step": 1, "end_step": 0}, "end_step must be greater than start_step. "),
            ({"start_step": 1}, "both must be specified"),
            ({"end_step": 1}, "both must be specified"),
        ],
    )
    def test_between_steps_are_refused_in_the_words_of_the_protocol(self, mlflow, asked, words):
        given = {"run_ids": ["123"], "metric_key": "k", **asked}
        status, code, message = mlflow.refused("metrics/get-history-bulk-interval", method="get", **given)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert words in message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "SearchDatasets request must specify at least one experiment_id."),
        (None, "SearchDatasets request must specify at least one experiment_id."),
        (
            [f"id_{one}" for one in range(21)],
            "SearchDatasets request cannot specify more than 20 experiment_ids.",
        ),
    ],
)
def test_datasets_are_asked_for_of_some_experiments(mlflow, given, words):
    status, code, message = mlflow.refused("experiments/search-datasets", experiment_ids=given)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert words in message


def test_a_tag_of_an_experiment_may_be_as_long_as_the_current_client_allows(mlflow):
    made = mlflow.post("experiments/create", name="x")
    mlflow.post("experiments/set-experiment-tag", **made, key="note", value="v" * 20_000)
    tags = mlflow.get("experiments/get", **made)["experiment"]["tags"]
    assert tags == [{"key": "note", "value": "v" * 20_000}]
    refused = mlflow.refused("experiments/set-experiment-tag", **made, key="note", value="v" * 20_001)
    assert refused[1] == "INVALID_PARAMETER_VALUE"


@pytest.fixture
def proxy(mlflow):
    """Return a call of the proxy of artifacts, by method and the path below a run's folder."""
    run = mlflow.run()
    root = f"{mlflow.base}/api/2.0/mlflow-artifacts/artifacts"
    headers = {"Authorization": mlflow.authorization}
    place = f"0/{run}/artifacts"

    def call(method, path, **more):
        if method == "list":
            return mlflow.client.get(root, data={"path": f"{place}/{path}"}, headers=headers)
        return getattr(mlflow.client, method)(f"{root}/{place}/{path}", headers=headers, **more)

    call.run = run
    put = call("put", "report/a.txt", data=b"hello", content_type="text/plain")
    assert put.status_code == 200
    return call


@pytest.mark.parametrize("path", [".", "./", ""])
def test_a_dot_is_the_folder_itself(mlflow, proxy, path):
    assert [one["path"] for one in proxy("list", path).json()["files"]] == ["report"]
    listed = mlflow.get("artifacts/list", run_id=proxy.run, path=path)["files"]
    assert [one["path"] for one in listed] == ["report"]
    inner = mlflow.get("artifacts/list", run_id=proxy.run, path=f"report/{path}")["files"]
    assert [one["path"] for one in inner] == ["report/a.txt"]


def test_who_downloads_all_lists_the_folders_below_a_dot(proxy):
    assert [one["path"] for one in proxy("list", "./report").json()["files"]] == ["a.txt"]


def test_a_dot_is_no_part_of_a_files_path(proxy):
    for method in ("put", "get", "delete"):
        answer = proxy(method, "./report/a.txt")
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), method
