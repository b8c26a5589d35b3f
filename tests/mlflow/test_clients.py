"""MLflow's own clients, the current one and the last of the 2.x line, against a live server."""

import json
from pathlib import Path

import pytest

from apps.experiments.models import Artifact, Experiment, Metric, Run, RunInput
from apps.projects import services as projects
from tests import clients

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
