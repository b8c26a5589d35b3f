"""Who gets in, to which project, and what errors look like."""

import json

import pytest

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.audit.models import Event
from apps.mlflow.table import CALLS
from apps.projects import permissions
from apps.projects import services as projects
from apps.projects.enums import Role
from tests.mlflow.conftest import Tracking, bearer

EVERY = [(address, method) for address, methods in CALLS.items() for method in methods]


@pytest.mark.promise("30")
@pytest.mark.parametrize(("address", "method"), EVERY)
def test_without_a_token_no_call_answers(db, address, method):
    answer = Tracking("").raw(method.lower(), address)
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert "Bearer" in answer["WWW-Authenticate"]


@pytest.mark.promise("31")
@pytest.mark.parametrize(
    "wrong", ["Bearer mlgov_wrong", "Bearer", "Basic !!!", "Basic bm90YXRva2Vu", "Digest x"]
)
def test_a_wrong_token_does_not_sign_in(db, wrong):
    assert Tracking(wrong).refused("runs/search")[:2] == (401, "UNAUTHENTICATED")


def test_a_session_does_not_sign_in(ada, client):
    client.force_login(ada)
    assert client.get("/mlflow/api/2.0/mlflow/runs/get").status_code == 401


def test_the_password_of_basic_is_a_token(basic):
    assert basic.get("experiments/get", experiment_id="0")["experiment"]["name"] == "Default"


@pytest.mark.parametrize("version", ["api/2.0", "api/3.0", "ajax-api/2.0", "ajax-api/3.0"])
def test_every_beginning_of_an_address_answers(mlflow, version):
    mlflow.version = version
    assert mlflow.get("experiments/get", experiment_id="0")["experiment"]["experiment_id"] == "0"


def test_health_and_version_answer_to_a_token(mlflow, client):
    headers = {"Authorization": mlflow.authorization}
    assert client.get("/mlflow/health", headers=headers).content == b"OK"
    assert client.get("/mlflow/version", headers=headers).content.decode()[0].isdigit()
    assert client.get("/mlflow/health").status_code == 401


@pytest.mark.parametrize(
    "address", ["/mlflow/", "/mlflow/health%0A", "/mlflow/%0A", "/mlflow/projects/x%0Ay/health"]
)
def test_an_address_that_is_none_is_a_page_with_the_headers_of_pages(client, db, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_what_programs_get_has_headers_that_run_nothing(client, db):
    answer = client.get("/mlflow/health")
    assert (answer["X-Frame-Options"], answer["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_host_that_is_not_ours_gets_no_answer(client, db):
    assert client.get("/mlflow/health", headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_reading_token_logs_nothing(ci, dev):
    _, secret = accounts.issue_token(ci.user, name="r", scopes=[Scope.READ], by=dev)
    reader = bearer(secret)
    assert reader.post("runs/search", experiment_ids=["0"]) == {"runs": []}
    status, code, message = reader.refused("runs/create", experiment_id="0")
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert "track" in message


def test_a_role_is_read_anew_in_a_request_that_takes_long(dev, project, monkeypatch):
    permissions.note_role(dev, project.pk, Role.OWNER)
    assert permissions.role_of(dev, project.pk) == Role.OWNER
    monkeypatch.setattr(permissions, "NOTED_SECONDS", 0)
    assert permissions.role_of(dev, project.pk) == Role.CONTRIBUTOR


def test_a_token_of_several_projects_names_one(mlflow, ci, ada):
    second = projects.create_project(slug="second", name="Second", by=ada)
    projects.add_member(second, user=ci.user, role=Role.CONTRIBUTOR, by=ada)
    status, code, message = mlflow.refused("runs/create")
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "mortgages, second" in message
    assert "/mlflow/projects/" in message
    mlflow.base = "/mlflow/projects/second"
    mlflow.post("experiments/create", name="there")
    assert second.experiments.get().name == "there"
    mlflow.base = "/mlflow/projects/nowhere"
    assert mlflow.refused("runs/create")[:2] == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_token_of_no_project_is_told_so(cleo):
    _, secret = accounts.issue_token(cleo, name="x", scopes=Scope.values, by=cleo)
    status, code, message = bearer(secret).refused("runs/create")
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert "no project" in message


@pytest.fixture
def named(mlflow):
    """A run, an experiment, a model with a version and a logged model to name in calls, with a tag each."""
    tags = [{"key": "a", "value": "b"}]
    made = mlflow.post("experiments/create", name="mine", tags=tags)
    run = mlflow.run(tags=tags)
    mlflow.post("registered-models/create", name="m", tags=tags)
    mlflow.post("model-versions/create", name="m", source=f"runs:/{mlflow.run()}/model", tags=tags)
    mlflow.post("registered-models/alias", name="m", alias="best", version="1")
    logged = mlflow.post("logged-models", experiment_id=made["experiment_id"], tags=tags)["model"]
    return {"run": run, "experiment": made["experiment_id"], "model_id": logged["info"]["model_id"]}


def writing(named):
    """Return for each call that changes something a body that is right."""
    run, experiment = {"run_id": named["run"]}, {"experiment_id": named["experiment"]}
    model, version = {"name": "m"}, {"name": "m", "version": "1"}
    tag = {"key": "k", "value": "1"}
    return {
        "runs/create": experiment,
        "runs/update": {**run, "status": "FINISHED"},
        "runs/delete": run,
        "runs/restore": run,
        "runs/log-metric": {**run, "key": "k", "value": 1, "timestamp": 1},
        "runs/log-parameter": {**run, "key": "k", "value": "1"},
        "runs/set-tag": {**run, "key": "k", "value": "1"},
        "runs/delete-tag": {**run, "key": "a"},
        "runs/log-batch": run,
        "runs/log-inputs": run,
        "experiments/create": {"name": "another"},
        "experiments/update": {**experiment, "new_name": "x"},
        "experiments/delete": experiment,
        "experiments/restore": experiment,
        "experiments/set-experiment-tag": {**experiment, "key": "a"},
        "experiments/delete-experiment-tag": {**experiment, "key": "a"},
        "registered-models/create": {"name": "another"},
        "registered-models/rename": {**model, "new_name": "x"},
        "registered-models/update": {**model, "description": "x"},
        "registered-models/delete": model,
        "registered-models/set-tag": {**model, **tag},
        "registered-models/delete-tag": {**model, "key": "a"},
        "registered-models/alias": {**version, "alias": "best"},
        "model-versions/create": {**model, "source": f"runs:/{named['run']}/model"},
        "model-versions/update": {**version, "description": "x"},
        "model-versions/delete": version,
        "model-versions/set-tag": {**version, **tag},
        "model-versions/delete-tag": {**version, "key": "a"},
        "logged-models": experiment,
        "logged-models/{model_id}": {"status": "LOGGED_MODEL_READY"},
        "logged-models/{model_id}/tags": {"tags": [tag]},
        "logged-models/{model_id}/tags/{tag_key}": {},
        "logged-models/{model_id}/params": {"params": [tag]},
        "runs/outputs": {**run, "models": [{"model_id": named["model_id"]}]},
        "runs/log-model": {**run, "model_json": json.dumps(dict.fromkeys(MANDATORY, "x"))},
    }


WRITING = [
    (address, method.lower())
    for address, methods in CALLS.items()
    for method, one in methods.items()
    if one.scope == Scope.TRACK
]
MANDATORY = ("artifact_path", "flavors", "run_id", "utc_time_created")
MAKING = {"experiments/create", "registered-models/create"}


@pytest.mark.promise("28", "30")
@pytest.mark.parametrize(("address", "method"), WRITING)
def test_a_viewer_changes_nothing(named, vera, address, method):
    _, secret = accounts.issue_token(vera, name="v", scopes=Scope.values, by=vera)
    before = Event.objects.count()
    place = address.format(model_id=named["model_id"], tag_key="a")
    refused = bearer(secret).refused(place, method=method, **writing(named)[address])
    assert refused[:2] == (403, "PERMISSION_DENIED")
    assert Event.objects.count() == before


@pytest.mark.promise("28")
@pytest.mark.parametrize(("address", "method"), [one for one in WRITING if one[0] not in MAKING])
def test_what_is_of_another_project_is_not_changed(named, other, address, method):
    place = address.format(model_id=named["model_id"], tag_key="a")
    refused = other.refused(place, method=method, **writing(named)[address])
    assert refused[:2] == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.promise("28")
def test_what_is_of_another_project_does_not_exist(named, other):
    run, experiment = named["run"], named["experiment"]
    for address, query in {
        "runs/get": {"run_id": run},
        "artifacts/list": {"run_id": run},
        "metrics/get-history": {"run_id": run, "metric_key": "m"},
        "experiments/get": {"experiment_id": experiment},
        "experiments/get-by-name": {"experiment_name": "mine"},
    }.items():
        assert other.refused(address, method="get", **query)[:2] == (404, "RESOURCE_DOES_NOT_EXIST"), address
    model = named["model_id"]
    for address in (f"logged-models/{model}", f"logged-models/{model}/artifacts/directories"):
        assert other.refused(address, method="get")[:2] == (404, "RESOURCE_DOES_NOT_EXIST"), address
    assert other.post("logged-models/search", experiment_ids=[experiment]) == {"models": []}
    assert other.post("runs/search", experiment_ids=[experiment]) == {"runs": []}
    assert [one["name"] for one in other.post("experiments/search")["experiments"]] == ["Default"]
    assert other.post("experiments/search-datasets", experiment_ids=[experiment]) == {"dataset_summaries": []}
    for address in ("metrics/get-history-bulk", "metrics/get-history-bulk-interval"):
        assert other.get(address, run_ids=[run], metric_key="m") == {"metrics": []}


@pytest.mark.parametrize("address", ["traces", "prompts/x", "runs", "runs/nothing", "gateway/routes"])
def test_what_is_not_spoken_says_so(mlflow, address):
    status, code, message = mlflow.refused(address)
    assert (status, code) == (404, "ENDPOINT_NOT_FOUND")
    assert address in message


def test_a_wrong_method_is_told_the_right_one(mlflow):
    answer = mlflow.raw("put", "runs/create")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_an_answer_is_one_piece(mlflow):
    answer = mlflow.raw("get", "experiments/get", data={"experiment_id": "0"})
    assert not answer.streaming
    assert int(answer["Content-Length"]) == len(answer.content)


@pytest.mark.promise("28")
def test_the_budget_is_the_one_of_the_api(mlflow, settings):
    settings.API_RATES = {"principal": "3/min"}
    said = [mlflow.raw("get", "experiments/get", data={"experiment_id": "0"}) for _ in range(4)]
    assert [one.status_code for one in said] == [200, 200, 200, 429]
    assert [one["RateLimit"].split(";")[:2] for one in said] == [
        ['"principal"', f"r={left}"] for left in (2, 1, 0, 0)
    ]
    answer = said[-1]
    assert answer.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert 0 < int(answer["Retry-After"]) <= 61


def test_a_body_that_is_too_large_is_refused(mlflow, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert mlflow.refused("runs/create", run_name="x" * 200)[:2] == (413, "BAD_REQUEST")
