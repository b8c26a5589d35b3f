"""Searching runs: filters, orders, pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

#: Name -> metrics, parameters, tags, state.
RUNS = {
    "a": ({"auc": 0.7, "loss": 0.4}, {"depth": "9", "kind": "tree"}, {"team": "x"}, "FINISHED"),
    "b": ({"auc": 0.9}, {"depth": "10", "kind": "Tree"}, {"team": "y", "a b": "it's"}, "FAILED"),
    "c": ({"auc": "NaN"}, {"kind": "line"}, {}, "RUNNING"),
    "d": ({}, {}, {"team": "100%"}, "KILLED"),
    "e": ({"auc": "Infinity"}, {}, {}, "FINISHED"),
}


@pytest.fixture
def runs(mlflow):
    """Five runs that start one after another; the first is the oldest."""
    made = {}
    for place, (name, (metrics, params, tags, state)) in enumerate(RUNS.items()):
        made[name] = run = mlflow.run(run_name=name, start_time=1000 * (place + 1))
        mlflow.post(
            "runs/log-batch",
            run_id=run,
            metrics=[{"key": key, "value": value, "timestamp": 1} for key, value in metrics.items()],
            params=[{"key": key, "value": value} for key, value in params.items()],
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        if state != "RUNNING":
            mlflow.post("runs/update", run_id=run, status=state, end_time=5000 + 1000 * place)
    data = {"name": "iris", "digest": "d1", "source_type": "local", "source": "s"}
    context = [{"key": "mlflow.data.context", "value": "training"}]
    mlflow.post("runs/log-inputs", run_id=made["a"], datasets=[{"dataset": data, "tags": context}])
    return made


def found(mlflow, **asked):
    answer = mlflow.post("runs/search", **{"experiment_ids": ["0"], **asked})
    return "".join(one["info"]["run_name"] for one in answer["runs"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "edcba"),
        ("metrics.auc > 0.8", "eb"),
        ("metrics.auc >= 0.7 AND metrics.auc < 1", "ba"),
        ("metrics.auc = 0.7", "a"),
        ("metrics.auc != 0.7", "ecb"),
        ("metrics.auc < 0.8", "a"),
        ("metrics.none > 0", ""),
        ("params.depth = '9'", "a"),
        ("params.depth != '9'", "b"),
        ("params.kind LIKE 't%'", "a"),
        ("params.kind ILIKE 't%'", "ba"),
        ("params.kind IS NULL", "ed"),
        ("params.kind IS NOT NULL", "cba"),
        ("tags.team = 'x'", "a"),
        ("tags.`a b` = 'it''s'", "b"),
        ('tags."a b" = "it\'s"', "b"),
        ("tags.team LIKE '100%'", "d"),
        ("tags.team LIKE '\\'", ""),
        ("tags.mlflow.runName = 'c'", "c"),
        ("status = 'FINISHED'", "ea"),
        ("attributes.status != 'FINISHED'", "dcb"),
        ("status ILIKE 'f%'", "eba"),
        ("run_name = 'b'", "b"),
        ("attributes.`Run name` IN ('b')", None),
        ("user_id = 'ci'", "edcba"),
        ("start_time >= 4000", "ed"),
        ("Created = 1000", "a"),
        ("end_time < 6500", "ba"),
        ("artifact_uri LIKE 'mlflow-artifacts:/0/%'", "edcba"),
        ("datasets.name = 'iris'", "a"),
        ("dataset.digest IN ('d1', 'd2') AND datasets.context = 'training'", "a"),
        ("datasets.name != 'iris'", ""),
        ("status = 'FINISHED' and metrics.auc > 0 and tags.team = 'x'", "a"),
    ],
)
def test_a_filter_keeps_what_fits(mlflow, runs, text, names):
    if names is None:
        assert (
            mlflow.refused("runs/search", experiment_ids=["0"], filter=text)[1] == "INVALID_PARAMETER_VALUE"
        )
    else:
        assert found(mlflow, filter=text) == names


def test_runs_are_found_by_id(mlflow, runs):
    assert found(mlflow, filter=f"run_id = '{runs['b']}'") == "b"
    assert found(mlflow, filter=f"attributes.run_id IN ('{runs['a']}', '{runs['d']}')") == "da"
    assert found(mlflow, filter=f"run_id NOT IN ('{runs['a']}', '{runs['d']}')") == "ecb"


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (["metrics.auc ASC"], "abecd"),
        (["metrics.auc DESC"], "ebacd"),
        (["metrics.loss"], "aedcb"),
        (["params.depth"], "baedc"),
        (["params.depth DESC"], "abedc"),
        (["tags.team DESC"], "badec"),
        (["status", "metrics.auc DESC"], "beadc"),
        (["start_time"], "abcde"),
        (["attributes.end_time DESC"], "edbac"),
        (["run_name DESC"], "edcba"),
        (["metrics.none"], "edcba"),
    ],
)
def test_an_order_puts_missing_values_last(mlflow, runs, order, names):
    assert found(mlflow, order_by=order) == names


def test_pages_follow_each_other(mlflow, runs):
    names, token = "", None
    for _ in range(3):
        page = {"page_token": token} if token else {}
        answer = mlflow.post(
            "runs/search", experiment_ids=["0"], max_results=2, order_by=["metrics.auc DESC"], **page
        )
        names += "".join(one["info"]["run_name"] for one in answer["runs"])
        token = answer.get("next_page_token")
    assert names == "ebacd"
    assert token is None


def test_deleted_runs_are_shown_to_who_asks(mlflow, runs):
    mlflow.post("runs/delete", run_id=runs["b"])
    assert found(mlflow) == "edca"
    assert found(mlflow, run_view_type="DELETED_ONLY") == "b"
    assert found(mlflow, run_view_type="ALL") == "edcba"
    assert found(mlflow, run_view_type=1) == "edca"


def test_only_the_experiments_that_are_named_are_searched(mlflow, runs):
    made = mlflow.post("experiments/create", name="apart")
    mlflow.run(**made, run_name="z", start_time=1)
    assert found(mlflow, experiment_ids=[made["experiment_id"]]) == "z"
    assert found(mlflow, experiment_ids=["0", made["experiment_id"], "777777", "x"]) == "edcbaz"
    assert found(mlflow, experiment_ids=[]) == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "metrics.auc > 0.8 OR metrics.auc < 0.1"},
        {"filter": "metrics.auc > '0.8'"},
        {"filter": "params.depth > '9'"},
        {"filter": "'; DROP TABLE experiments_run; --"},
        {"order_by": ["metrics.auc SIDEWAYS"]},
        {"order_by": ["datasets.name"]},
        {"max_results": 0},
        {"max_results": 50_001},
        {"run_view_type": "SOME"},
        {"page_token": "x"},
        {"experiment_ids": "0"},
        {"experiment_ids": [0]},
    ],
)
def test_what_cannot_be_read_is_refused(mlflow, runs, asked):
    status, code, message = mlflow.refused("runs/search", **{"experiment_ids": ["0"], **asked})
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message


def test_a_search_costs_the_same_for_one_run_and_for_five(mlflow, runs):
    def cost(most):
        with CaptureQueriesContext(connection) as caught:
            mlflow.post("runs/search", experiment_ids=["0"], max_results=most)
        return len(caught)

    cost(1)
    assert cost(1) == cost(5) < 12


def test_what_came_through_the_api_is_shown_as_text(mlflow, run):
    number = str(run.experiment.number)
    answer = mlflow.post("runs/search", experiment_ids=[number], filter="params.C = '1'")
    (found_run,) = answer["runs"]
    assert found_run["data"]["params"] == [{"key": "C", "value": "1"}]
    assert found_run["info"]["user_id"] == "Dev"
