"""MLflow's own clients, the current one and the last of the 2.x line, against a live server."""

import json
from pathlib import Path

import pytest

from apps.experiments.models import Artifact, Experiment, LoggedModel, Metric, Run, RunInput
from apps.gates.models import Promotion
from apps.projects import services as projects
from apps.registry.models import Model, Version
from tests import clients
from tests.registry.test_contents import work

SCRIPTS = Path(__file__).with_name("scripts")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(params=clients.CLIENTS)
def script(request, live_server, ci):
    """Run a script of the folder beside this with a client, and return what it read."""

    def run(name, *, base="/mlflow", **variables):
        uri = f"{live_server.url}{base}"
        return json.loads(
            clients.run(request.param, SCRIPTS / f"{name}.py", uri=uri, token=ci.secret, **variables)
        )

    return run


def demand_tracked(found):
    run = Run.objects.get(name="parent")
    assert (found["parent"], found["status"], run.state) == (run.pk.hex, "FINISHED", "finished")
    assert found["params"] == run.params == {"depth": "3", "rate": "0.1", "kind": "tree", "batch": "yes"}
    assert found["tags"] == {"team": "a", "note": "größer", "kept": "2", "batch": "yes"}
    assert found["metrics"] == {
        "auc": "0.9",
        "loss": "0.25",
        "odd": "nan",
        "endless": "inf",
        "batch": "299.0",
    }
    assert found["history"] == [[step, 0.5 + step / 10] for step in range(5)]
    assert found["batch"] == Metric.objects.filter(run=run, name="batch").count() == 300
    assert found["inputs"] == [["customers", "abc123", {"mlflow.data.context": "training"}]]
    assert RunInput.objects.filter(run=run).count() == 1
    assert found["found"] == ["child", "parent"]
    assert found["children"] == [True]
    assert found["paged"] == [1, True]
    assert found["left"] == ["parent"]
    for part in ("depth", "'3'", "'4'"):
        assert part in found["refused"]
    assert found["experiments"] == ["Churn by client", "Default"]
    assert (found["owner"], Experiment.objects.get().tags) == ("team-a", {"owner": "team-a"})


def test_a_script_tracks(script):
    demand_tracked(script("tracking"))


def test_a_script_tracks_in_the_project_that_the_address_names(script, ada, project, ci):
    apart = projects.create_project(slug="apart", name="Apart", by=ada)
    projects.add_member(apart, user=ci.user, role="contributor", by=ada)
    demand_tracked(script("tracking", base="/mlflow/projects/apart"))
    assert Experiment.objects.get().project == apart


def test_a_script_keeps_files(script):
    found = script("files")
    run = Run.objects.get()
    assert found["uri"] == f"mlflow-artifacts:/0/{run.pk.hex}/artifacts"
    assert found["listed"] == {
        "config": [True, None],
        "config/threshold.json": [False, 22],
        "large.bin": [False, 3_072_000],
        "report": [True, None],
        "report/a b.txt": [False, 5],
        "report/empty": [False, 0],
        "words.txt": [False, 5],
    }
    assert found["same"]
    assert found["files"] == [
        "config/threshold.json",
        "large.bin",
        "report/a b.txt",
        "report/empty",
        "words.txt",
    ]
    assert found["read"] == {"threshold": 0.6}
    assert found["left"] == ["config", "large.bin", "words.txt"]
    assert Artifact.objects.filter(run=run).count() == 6


def test_large_files_come_whole_where_the_client_would_send_parts(script):
    variables = {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000",
    }
    assert script("files", **variables)["same"]


def test_a_script_registers(script, settings):
    found = script("registry")
    run = Run.objects.get()
    files = ["MLmodel", "data/weights.txt"]
    assert found["versions"] == ["1", "2"]
    assert (found["status"], found["run"]) == ("READY", [run.pk.hex, run.pk.hex])
    assert found["by_alias"] == ["2", "Better.", {"by": "client"}]
    assert found["model"] == ["Who leaves.", {"team": "a"}, {"best": "2"}]
    assert [[path for path in one if path in files] for one in found["downloads"]] == [files] * 3
    assert found["copied"] == ["Copy", "1"]
    asked = Promotion.objects.filter(to_stage="staging", state="refused").order_by("id")
    for said, promotion in zip((found["stage"], found["alias"]), asked, strict=True):
        assert "INVALID_STATE" in said
        assert "the next step on the way to production" in said
        assert f"{settings.BASE_URL}/promotions/{promotion.pk}/" in said
    assert "mlgov registers what it keeps itself" in found["elsewhere"]
    assert "RESOURCE_ALREADY_EXISTS" in found["taken"]
    assert "RESOURCE_DOES_NOT_EXIST" in found["missing"]
    assert "judged" in found["judged"]
    assert found["found"] == ["2", "1"]
    assert (found["models"], found["latest"]) == (["Churn by client"], ["2"])
    assert found["left"] == [["Churn by client", "1", "None"], ["Copy", "1", "None"]]
    assert found["renamed"] == "Copied"
    assert "RESOURCE_DOES_NOT_EXIST" in found["gone"]
    assert Model.objects.get(deleted_at=None).name == "Churn by client"
    assert Version.objects.live().get().stage == "development"


@pytest.mark.parametrize("script", ["mlflow3"], indirect=True)
def test_a_script_logs_models(script):
    found = script("logged")
    row = LoggedModel.objects.get()
    assert (found["id"], found["run"]) == (row.key, row.run_id.hex)
    assert (found["status"], row.state) == ("READY", "ready")
    assert found["params"] == len(row.params) == 150
    assert found["tags"] == {"team": "a", "kept": "2"}
    assert found["registered"] == ["1", f"models:/{row.key}", row.run_id.hex]
    assert found["by_run"] == ["2", f"models:/{row.key}"]
    assert (found["found"], found["outputs"]) == ([row.key], [[row.key, 2]])
    assert found["listed"] == ["MLmodel", "data"]
    files = ["MLmodel", "data/weights.txt"]
    assert [[path for path in one if path in files] for one in found["downloads"]] == [files] * 3
    assert set(Version.objects.values_list("logged_model", flat=True)) == {row.pk}


def test_a_script_of_scikit_learn_logs_registers_and_loads(script, request):
    found = script("flavours")
    search, alone, by_hand = (Run.objects.get(pk=one) for one in found["runs"])
    assert (search.name, search.state) == ("search", "finished")
    assert [one[::2] for one in found["children"]] == [["FINISHED", True]] * 2
    assert len({one[1] for one in found["children"]}) == 2
    assert found["best"]
    assert {"cv_results.csv", "estimator.html"} <= set(found["files"])
    assert alone.params["C"] == "0.5"
    assert found["params"]
    assert found["tags"] == ["LogisticRegression", "sklearn"]
    assert found["scores"] == [True, True]
    assert found["inputs"] == [1]
    assert found["same"] == [[True, True]] * 4
    assert found["signature"]
    first, second = Version.objects.order_by("number")
    assert (first.run_id, second.run_id) == (alone.pk, by_hand.pk)
    for version in (first, second):
        assert version.stage == "development"
        assert {"MLmodel", "conda.yaml"} <= set(version.artifacts.values_list("path", flat=True))
        assert work(version).status == "passed", "nothing that the client writes runs when it is loaded"
    three = request.node.callspec.params["script"] == "mlflow3"
    score = Metric.objects.filter(run=by_hand, name="held_out").values_list("value", flat=True)
    assert found["measured"] == (
        [["held_out", *score, 7, True, None], ["loss", 0.25, 0, True, "held out"]] if three else []
    )
    assert found["searched"] == [True] * three
    assert LoggedModel.objects.filter(pk=second.logged_model_id).count() == three


@pytest.mark.parametrize("script", ["mlflow2"], indirect=True)
def test_a_script_notes_models(script):
    assert script("noted") == [[path, Run.objects.get().pk.hex] for path in ("model", "other")]
