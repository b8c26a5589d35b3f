"""Logged models: made, filled, finalized, searched, and registered as versions."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.experiments.models import LoggedModel, ModelFile, Run, RunModel
from apps.registry.models import Artifact, Version
from tests.mlflow.test_artifacts import listed, put, sent

ABSENT = (404, "RESOURCE_DOES_NOT_EXIST")
INVALID = (400, "INVALID_PARAMETER_VALUE")
STATE = (400, "INVALID_STATE")


def logged(mlflow, **more):
    return mlflow.post("logged-models", **{"experiment_id": "0", "name": "trees", **more})["model"]


def got(mlflow, model_id):
    return mlflow.get(f"logged-models/{model_id}")["model"]


@pytest.fixture
def run(mlflow):
    return mlflow.run()


@pytest.fixture
def model(mlflow, run):
    return logged(mlflow, source_run_id=run)["info"]["model_id"]


@pytest.fixture
def root(model):
    return f"0/models/{model}/artifacts"


def test_a_model_is_begun_and_read(mlflow, run, project):
    made = logged(
        mlflow,
        model_type="sklearn",
        source_run_id=run,
        params=[{"key": "depth", "value": "3"}],
        tags=[{"key": "team", "value": "a"}],
    )
    row = LoggedModel.objects.get()
    info = made["info"]
    assert info["model_id"] == f"m-{row.pk.hex}"
    shown = [info[name] for name in ("experiment_id", "name", "model_type", "source_run_id", "status")]
    assert shown == ["0", "trees", "sklearn", run, "LOGGED_MODEL_PENDING"]
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/models/m-{row.pk.hex}/artifacts"
    assert info["tags"] == [{"key": "team", "value": "a"}]
    assert made["data"]["params"] == [{"key": "depth", "value": "3"}]
    assert made == got(mlflow, info["model_id"])
    assert Event.objects.filter(kind="experiments.model_logged", object_id=row.pk).count() == 1


def test_a_model_needs_no_run_and_no_name(mlflow):
    info = mlflow.post("logged-models", experiment_id="0")["model"]["info"]
    assert info["name"].startswith("model-")
    assert "source_run_id" not in info


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"name": "a/b"}, INVALID),
        ({"name": "x" * 501}, INVALID),
        ({"experiment_id": "999"}, ABSENT),
        ({"experiment_id": None}, INVALID),
        ({"source_run_id": "0" * 32}, ABSENT),
        ({"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, INVALID),
        ({"params": [{"key": "a", "value": "x" * 6001}]}, INVALID),
    ],
)
def test_a_wrong_model_is_refused(mlflow, body, refused):
    assert mlflow.refused("logged-models", **{"experiment_id": "0", **body})[:2] == refused
    assert not LoggedModel.objects.exists()


def test_a_run_of_another_experiment_logs_no_model_here(mlflow, run):
    apart = mlflow.post("experiments/create", name="apart")["experiment_id"]
    assert mlflow.refused("logged-models", experiment_id=apart, source_run_id=run)[:2] == INVALID


@pytest.mark.parametrize("given", ["m-", "x", "m-" + "0" * 32, "0" * 32, "m-" + "z" * 32])
def test_what_is_not_there(mlflow, given):
    assert mlflow.refused(f"logged-models/{given}", method="get")[:2] == ABSENT


def test_a_model_is_finalized(mlflow, model):
    for status, state in (
        ("LOGGED_MODEL_READY", "LOGGED_MODEL_READY"),
        (2, "LOGGED_MODEL_READY"),
        ("LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_UPLOAD_FAILED"),
    ):
        found = mlflow.patch(f"logged-models/{model}", model_id=model, status=status)["model"]
        assert found["info"]["status"] == state
    assert mlflow.refused(f"logged-models/{model}", method="patch", status="DONE")[:2] == INVALID
    assert mlflow.refused(f"logged-models/{model}", method="patch")[:2] == INVALID
    assert Event.objects.filter(kind="experiments.model_finalized").count() == 2


def test_tags_come_and_go_and_parameters_stay(mlflow, model):
    mlflow.patch(
        f"logged-models/{model}/tags", tags=[{"key": "a/b", "value": "1"}, {"key": "c", "value": ""}]
    )
    assert got(mlflow, model)["info"]["tags"] == [{"key": "a/b", "value": "1"}, {"key": "c", "value": ""}]
    mlflow.delete(f"logged-models/{model}/tags/a/b")
    assert got(mlflow, model)["info"]["tags"] == [{"key": "c", "value": ""}]
    status, code, message = mlflow.refused(f"logged-models/{model}/tags/a/b", method="delete")
    assert (status, code) == ABSENT
    assert f"No tag with key 'a/b' found for model with ID '{model}'" in message
    for _ in range(2):
        mlflow.post(f"logged-models/{model}/params", params=[{"key": "p", "value": "1"}])
    changed = [{"key": "p", "value": "2"}]
    status, code, message = mlflow.refused(f"logged-models/{model}/params", params=changed)
    assert (status, code) == INVALID
    assert "'1'" in message
    assert got(mlflow, model)["data"]["params"] == [{"key": "p", "value": "1"}]
    assert Event.objects.filter(kind="experiments.model_changed").count() == 3


def test_files_come_and_none_is_replaced(mlflow, model, root):
    for path in ("MLmodel", "data/model.pkl"):
        assert put(mlflow, f"{root}/{path}", path.encode()).status_code == 200
    assert put(mlflow, f"{root}/MLmodel", b"MLmodel").status_code == 200
    for path in ("MLmodel", "data", "MLmodel/x"):
        assert put(mlflow, f"{root}/{path}", b"other").json()["error_code"] == "INVALID_STATE"
    assert sent(mlflow, "delete", f"artifacts/{root}/MLmodel").json()["error_code"] == "INVALID_STATE"
    assert listed(mlflow, root) == [
        {"path": "MLmodel", "is_dir": False, "file_size": 7},
        {"path": "data", "is_dir": True},
    ]
    answer = sent(mlflow, "get", f"artifacts/{root}/data/model.pkl")
    assert b"".join(answer.streaming_content) == b"data/model.pkl"
    address = f"logged-models/{model}/artifacts/directories"
    found = mlflow.get(address, artifact_directory_path="data")
    assert found["root_uri"] == f"mlflow-artifacts:/{root}"
    assert found["files"] == [{"path": "data/model.pkl", "is_dir": False, "file_size": 14}]
    assert mlflow.get(address, artifact_directory_path="./data/") == found
    assert mlflow.get(address, artifact_directory_path=".") == mlflow.get(address)
    assert ModelFile.objects.count() == 2
    assert Event.objects.filter(kind="experiments.model_file_logged").count() == 2


def test_files_of_another_project_are_not_there(mlflow, other, root):
    put(mlflow, f"{root}/MLmodel")
    for answer in (
        put(other, f"{root}/late"),
        sent(other, "get", f"artifacts/{root}/MLmodel"),
        sent(other, "get", "artifacts", data={"path": root}),
    ):
        assert answer.status_code == 404
    apart = mlflow.post("experiments/create", name="apart")["experiment_id"]
    assert sent(mlflow, "get", f"artifacts/{apart}{root[1:]}/MLmodel").status_code == 404
    assert sent(mlflow, "get", "artifacts/0/models/x").status_code == 404
    assert put(mlflow, f"{root}/..%2f..%2fx").status_code == 400


def test_a_run_shows_what_it_made_and_read(mlflow, run, model):
    second = logged(mlflow)["info"]["model_id"]
    for _ in range(2):
        mlflow.post("runs/outputs", run_id=run, models=[{"model_id": model, "step": 3}])
        mlflow.post("runs/log-inputs", run_id=run, models=[{"model_id": second}])
    found = mlflow.get("runs/get", run_id=run)["run"]
    assert found["outputs"]["model_outputs"] == [{"model_id": model, "step": 3}]
    assert found["inputs"]["model_inputs"] == [{"model_id": second}]
    assert mlflow.post("runs/search", experiment_ids=["0"])["runs"] == [found]
    assert RunModel.objects.count() == 2
    for address in ("runs/outputs", "runs/log-inputs"):
        asked = {"run_id": run, "models": [{"model_id": "m-" + "0" * 32}]}
        assert mlflow.refused(address, **asked)[:2] == ABSENT
    mlflow.post("runs/update", run_id=run, status="FINISHED")
    mlflow.post("runs/outputs", run_id=run, models=[{"model_id": second}])
    assert Event.objects.filter(kind="experiments.run_amended").count() == 1


def test_models_are_searched(mlflow, run, model):
    second = logged(mlflow, name="forest", model_type="pyfunc", params=[{"key": "n", "value": "9"}])
    mlflow.patch(f"logged-models/{model}", status="LOGGED_MODEL_READY")

    def search(filter="", **more):
        found = mlflow.post("logged-models/search", experiment_ids=["0"], filter=filter, **more)["models"]
        return [one["info"]["name"] for one in found]

    assert search() == ["forest", "trees"]
    assert search("name = 'trees'") == ["trees"]
    assert search(f"source_run_id = '{run}'") == ["trees"]
    assert search("status = 'READY'") == ["trees"]
    assert search("params.n = '9' AND model_type = 'pyfunc'") == ["forest"]
    assert search(f"attributes.model_id IN ('{second['info']['model_id']}')") == ["forest"]
    ordered = [{"field_name": "creation_timestamp"}, {"field_name": "name", "ascending": True}]
    assert search(order_by=ordered) == ["trees", "forest"]
    assert search(order_by=[{"field_name": "name", "ascending": False}]) == ["trees", "forest"]
    page = mlflow.post("logged-models/search", experiment_ids=["0"], max_results=1)
    again = mlflow.post(
        "logged-models/search", experiment_ids=["0"], max_results=1, page_token=page["next_page_token"]
    )
    assert [one["models"][0]["info"]["name"] for one in (page, again)] == ["forest", "trees"]
    assert "next_page_token" not in again
    for wrong in (
        {"filter": "metrics.a > 'x'"},
        {"datasets": [{"dataset_digest": "d"}]},
        {"max_results": 1001},
    ):
        assert mlflow.refused("logged-models/search", experiment_ids=["0"], **wrong)[:2] == INVALID


def test_a_search_reads_a_page_in_as_many_statements_as_one_row(mlflow, model):
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            mlflow.post("logged-models/search", experiment_ids=["0"])
        counts.append(len(queries))
        for _ in range(3):
            logged(mlflow)
    assert counts[0] == counts[1]


def test_a_version_comes_from_a_logged_model_which_then_stays(mlflow, model, root, run):
    put(mlflow, f"{root}/MLmodel", b"m")
    mlflow.post("registered-models/create", name="Churn")
    for source in (f"models:/{model}", f"mlflow-artifacts:/{root}"):
        made = mlflow.post("model-versions/create", name="Churn", source=source, model_id=model)
        found = made["model_version"]
        assert (found["model_id"], found["run_id"], found["source"]) == (model, run, source)
        row = Version.objects.get(number=int(found["version"]))
        assert [one.path for one in Artifact.objects.filter(version=row)] == ["MLmodel"]
    assert mlflow.refused(f"logged-models/{model}", method="delete")[:2] == STATE
    rows = LoggedModel.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(lock_version=rows.get().lock_version + 1, deleted_at="2026-01-01T00:00Z")
    assert mlflow.refused("runs/delete", run_id=run)[:2] == STATE


def test_an_experiment_stays_whose_model_of_no_run_became_a_version(mlflow):
    made = mlflow.post("experiments/create", name="trees")["experiment_id"]
    model = logged(mlflow, experiment_id=made)["info"]["model_id"]
    mlflow.post("registered-models/create", name="Churn")
    mlflow.post("model-versions/create", name="Churn", source=f"models:/{model}")
    assert mlflow.refused("experiments/delete", experiment_id=made)[:2] == STATE
    assert got(mlflow, model)["info"]["model_id"] == model


def test_an_upload_that_failed_is_no_version(mlflow, model):
    mlflow.post("registered-models/create", name="Churn")
    mlflow.patch(f"logged-models/{model}", status="LOGGED_MODEL_UPLOAD_FAILED")
    asked = {"name": "Churn", "source": f"models:/{model}"}
    assert mlflow.refused("model-versions/create", **asked)[:2] == STATE


def test_deleting_hides_a_model(mlflow, run, model):
    mlflow.post("runs/outputs", run_id=run, models=[{"model_id": model}])
    mlflow.delete(f"logged-models/{model}")
    assert mlflow.refused(f"logged-models/{model}", method="get")[:2] == ABSENT
    assert mlflow.post("logged-models/search", experiment_ids=["0"]) == {"models": []}
    assert mlflow.get("runs/get", run_id=run)["run"]["outputs"]["model_outputs"] == []
    assert LoggedModel.objects.count() == 1
    assert Event.objects.filter(kind="experiments.model_deleted").count() == 1


def test_the_clients_of_the_second_line_note_models_in_a_tag(mlflow, run):
    described = {"artifact_path": "model", "flavors": {}, "run_id": run, "utc_time_created": "now"}
    for path in ("model", "other"):
        text = json.dumps({**described, "artifact_path": path})
        mlflow.post("runs/log-model", run_id=run, model_json=text)
    history = json.loads(Run.objects.get().tags["mlflow.log-model.history"])
    assert [one["artifact_path"] for one in history] == ["model", "other"]
    for wrong in ("", "x", "[]", "{}", json.dumps({**described, "flavors": "x" * 90_000})):
        assert mlflow.refused("runs/log-model", run_id=run, model_json=wrong)[:2] == INVALID
    assert mlflow.refused("runs/log-model", run_id="0" * 32, model_json=json.dumps(described))[:2] == ABSENT
