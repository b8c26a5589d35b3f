"""Calls about versions: what they consist of, their tags and aliases, and searching them."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.jobs import sending
from apps.jobs.models import Job
from apps.registry.models import Artifact, Version
from apps.registry.queries import watched_versions_of
from tests.mlflow.test_artifacts import listed, put, sent

ABSENT = (404, "RESOURCE_DOES_NOT_EXIST")
INVALID = (400, "INVALID_PARAMETER_VALUE")


@pytest.fixture
def churn(mlflow):
    mlflow.post("registered-models/create", name="Churn")
    return "Churn"


@pytest.fixture
def run(mlflow):
    found = mlflow.run()
    for path in ("MLmodel", "code/a b.py", "model.pkl"):
        assert put(mlflow, f"0/{found}/artifacts/model/{path}", path.encode()).status_code == 200
    assert put(mlflow, f"0/{found}/artifacts/plot.png").status_code == 200
    return found


def registered(mlflow, source, name="Churn", **more):
    return mlflow.post("model-versions/create", name=name, source=source, **more)["model_version"]


def got(mlflow, version="1", name="Churn"):
    return mlflow.get("model-versions/get", name=name, version=version)["model_version"]


def paths(version):
    return sorted(Artifact.objects.filter(version=version).values_list("path", flat=True))


def test_a_version_is_registered_with_the_files_of_its_source(mlflow, churn, run):
    made = registered(
        mlflow,
        f"runs:/{run}/model",
        run_id=run,
        description="The first.",
        tags=[{"key": "a", "value": "b"}],
        run_link="https://example.org/1",
    )
    row = Version.objects.get()
    assert (row.stage, row.run.pk.hex, row.number, row.description) == ("development", run, 1, "The first.")
    assert paths(row) == ["MLmodel", "code/a b.py", "model.pkl"]
    assert made == got(mlflow)
    shown = {
        name: made[name] for name in ("version", "current_stage", "status", "run_id", "source", "run_link")
    }
    assert shown == {
        "version": "1",
        "current_stage": "None",
        "status": "READY",
        "run_id": run,
        "source": f"runs:/{run}/model",
        "run_link": "https://example.org/1",
    }
    assert made["tags"] == [{"key": "a", "value": "b"}]
    assert Job.objects.filter(kind="registry.scan").count() == 1
    assert Event.objects.filter(kind="registry.version_registered", object_id=row.pk).count() == 1


def test_what_comes_later_into_the_folder_is_not_of_the_version(mlflow, churn, run):
    made = registered(mlflow, f"mlflow-artifacts:/0/{run}/artifacts/model", run_id=run)
    put(mlflow, f"0/{run}/artifacts/model/late.py")
    uri = mlflow.get("model-versions/get-download-uri", name=churn, version="1")["artifact_uri"]
    place = uri.removeprefix("mlflow-artifacts:/")
    assert place == f"versions/{Version.objects.get().pk.hex}/artifacts"
    assert listed(mlflow, place) == [
        {"path": "MLmodel", "is_dir": False, "file_size": 7},
        {"path": "code", "is_dir": True},
        {"path": "model.pkl", "is_dir": False, "file_size": 9},
    ]
    assert listed(mlflow, f"{place}/code") == [{"path": "a b.py", "is_dir": False, "file_size": 11}]
    answer = sent(mlflow, "get", f"artifacts/{place}/code/a b.py")
    assert b"".join(answer.streaming_content) == b"code/a b.py"
    assert sent(mlflow, "get", f"artifacts/{place}/late.py").status_code == 404
    assert made["run_id"] == run


def test_the_files_of_a_version_are_only_read(mlflow, other, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    place = f"versions/{Version.objects.get().pk.hex}/artifacts"
    for answer in (put(mlflow, f"{place}/MLmodel"), sent(mlflow, "delete", f"artifacts/{place}/MLmodel")):
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_STATE")
    assert sent(other, "get", f"artifacts/{place}/MLmodel").status_code == 404
    assert sent(mlflow, "get", f"artifacts/versions/{'0' * 32}/artifacts/MLmodel").status_code == 404
    assert sent(mlflow, "get", f"artifacts/{place}/%2e%2e/x").status_code == 400


def test_a_version_comes_from_another(mlflow, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    mlflow.post("registered-models/alias", name=churn, alias="best", version="1")
    mlflow.post("registered-models/create", name="Copy")
    uri = mlflow.get("model-versions/get-download-uri", name=churn, version="1")["artifact_uri"]
    for source in ("models:/Churn/1", "models:/Churn@best", uri):
        made = registered(mlflow, source, name="Copy")
        row = Version.objects.get(model__name="Copy", number=int(made["version"]))
        assert paths(row) == ["MLmodel", "code/a b.py", "model.pkl"]
        assert made["run_id"] == run


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket/model",
        "file:///etc/passwd",
        "/etc/passwd",
        "model",
        "runs:/",
        "runs://elsewhere/x",
        "runs://[x",
        "runs:/x/model?y",
        "models:/Churn",
        "models:/Churn/latest",
        "mlflow-artifacts:/0/model",
        "mlflow-artifacts://elsewhere/0/x/artifacts",
        "https://example.org/model",
        "x" * 501,
    ],
)
def test_a_source_elsewhere_is_refused(mlflow, churn, source):
    assert mlflow.refused("model-versions/create", name=churn, source=source)[:2] == INVALID
    assert not Version.objects.exists()


def test_a_source_that_is_not_there_is_not_found(mlflow, other, churn, run):
    other.post("registered-models/create", name="Churn")
    for source in (f"runs:/{'0' * 32}/model", "models:/Churn/7", "models:/None/1"):
        assert mlflow.refused("model-versions/create", name=churn, source=source)[:2] == ABSENT
    assert other.refused("model-versions/create", name="Churn", source=f"runs:/{run}/model")[:2] == ABSENT
    assert mlflow.refused("model-versions/create", name=churn, source=f"runs:/{run}/../x")[:2] == INVALID
    assert mlflow.refused("model-versions/create", name="Nothing", source=f"runs:/{run}/model")[:2] == ABSENT


def test_the_run_must_be_the_one_of_the_source(mlflow, churn, run):
    second = mlflow.run()
    status, code, message = mlflow.refused(
        "model-versions/create", name=churn, source=f"runs:/{run}/model", run_id=second
    )
    assert (status, code) == INVALID
    assert second in message
    mlflow.post("runs/delete", run_id=second)
    assert mlflow.refused("model-versions/create", name=churn, source=f"runs:/{second}/m")[:2] == INVALID


def test_the_commit_is_the_one_that_the_run_is_tagged_with(mlflow, churn, run):
    mlflow.post("runs/set-tag", run_id=run, key="mlflow.source.git.commit", value="a" * 40)
    registered(mlflow, f"runs:/{run}/model")
    assert Version.objects.get().commit == "a" * 40
    mlflow.post("runs/set-tag", run_id=run, key="mlflow.source.git.commit", value="no commit")
    registered(mlflow, f"runs:/{run}/model")
    assert Version.objects.get(number=2).commit == ""


def test_numbers_of_versions_are_numbers(mlflow, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    for number in ("x", "1.5", "-1", "9" * 30, ""):
        assert mlflow.refused("model-versions/get", method="get", name=churn, version=number)[:2] == INVALID
    assert mlflow.refused("model-versions/get", method="get", name=churn, version="2")[:2] == ABSENT
    assert mlflow.get("model-versions/get", name=churn, version=1)["model_version"]["version"] == "1"


@pytest.mark.parametrize(
    ("address", "method", "more"),
    [
        ("get", "get", {}),
        ("get-download-uri", "get", {}),
        ("update", "patch", {"description": "x"}),
        ("delete", "delete", {}),
        ("transition-stage", "post", {"stage": "Staging"}),
        ("set-tag", "post", {"key": "a", "value": "b"}),
        ("delete-tag", "delete", {"key": "a"}),
    ],
)
def test_a_version_of_another_project_is_not_found(mlflow, other, churn, run, address, method, more):
    registered(mlflow, f"runs:/{run}/model")
    asked = {"name": churn, "version": "1", **more}
    assert other.refused(f"model-versions/{address}", method=method, **asked)[:2] == ABSENT


def test_a_version_is_described_and_tagged(mlflow, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    changed = mlflow.patch("model-versions/update", name=churn, version="1", description="Better.")
    assert changed["model_version"]["description"] == "Better."
    mlflow.post("model-versions/set-tag", name=churn, version="1", key="a", value="1")
    mlflow.post("model-versions/set-tag", name=churn, version="1", key="a", value="2")
    assert got(mlflow)["tags"] == [{"key": "a", "value": "2"}]
    for _ in range(2):
        mlflow.delete("model-versions/delete-tag", name=churn, version="1", key="a")
    assert got(mlflow)["tags"] == []
    assert Event.objects.filter(kind="registry.version_changed").count() == 4


def test_an_alias_names_one_version(mlflow, churn, run):
    for _ in range(2):
        registered(mlflow, f"runs:/{run}/model")

    def named():
        return mlflow.get("registered-models/alias", name=churn, alias="best")["model_version"]

    mlflow.post("registered-models/alias", name=churn, alias="best", version="1")
    assert (named()["version"], named()["aliases"]) == ("1", ["best"])
    mlflow.post("registered-models/alias", name=churn, alias="best", version="2")
    assert named()["version"] == "2"
    assert got(mlflow)["aliases"] == []
    model = mlflow.get("registered-models/get", name=churn)["registered_model"]
    assert model["aliases"] == [{"alias": "best", "version": "2"}]
    for _ in range(2):
        mlflow.delete("registered-models/alias", name=churn, alias="best")
    status, code, message = mlflow.refused("registered-models/alias", method="get", name=churn, alias="best")
    assert ((status, code), message) == (INVALID, "Registered model alias best not found.")
    assert (
        mlflow.get("registered-models/alias", name=churn, alias="latest")["model_version"]["version"] == "2"
    )
    kinds = ("registry.alias_set", "registry.alias_removed")
    assert [Event.objects.filter(kind=kind).count() for kind in kinds] == [2, 1]


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "V12", "", "a b", "a/b", "x" * 256])
def test_a_wrong_alias_is_refused(mlflow, churn, run, alias):
    registered(mlflow, f"runs:/{run}/model")
    asked = {"name": churn, "alias": alias, "version": "1"}
    assert mlflow.refused("registered-models/alias", **asked)[:2] == INVALID


def test_deleting_a_version_takes_its_aliases_and_keeps_its_number(mlflow, churn, run):
    for _ in range(2):
        registered(mlflow, f"runs:/{run}/model")
    mlflow.post("registered-models/alias", name=churn, alias="best", version="2")
    mlflow.delete("model-versions/delete", name=churn, version="2")
    assert mlflow.refused("model-versions/get", method="get", name=churn, version="2")[:2] == ABSENT
    assert mlflow.get("registered-models/get", name=churn)["registered_model"]["aliases"] == []
    assert [one["version"] for one in mlflow.get("model-versions/search")["model_versions"]] == ["1"]
    assert registered(mlflow, f"runs:/{run}/model")["version"] == "3"
    gone = Version.objects.get(number=2)
    assert sorted(paths(gone)) == ["MLmodel", "code/a b.py", "model.pkl"]
    assert Event.objects.filter(kind="registry.version_deleted", object_id=gone.pk).count() == 1


def test_what_is_deleted_is_not_watched(mlflow, churn, run, project):
    for _ in range(2):
        registered(mlflow, f"runs:/{run}/model")
    assert [one.number for one in watched_versions_of(project)] == [2]
    mlflow.delete("model-versions/delete", name=churn, version="2")
    assert [one.number for one in watched_versions_of(project)] == [1]
    mlflow.delete("registered-models/delete", name=churn)
    assert watched_versions_of(project) == []


def test_what_is_deleted_stays_so_in_the_database_too(mlflow, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    mlflow.delete("model-versions/delete", name=churn, version="1")
    rows = Version.objects.filter(number=1)
    for change in ({"stage": "staging"}, {"deleted_at": None}, {"tags": {"a": "b"}}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(lock_version=rows.get().lock_version + 1, **change)


def test_where_a_version_comes_from_does_not_change(mlflow, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    rows = Version.objects.filter(number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(lock_version=rows.get().lock_version + 1, source="runs:/other")


def test_versions_are_searched(mlflow, churn, run):
    second = mlflow.run()
    mlflow.post("registered-models/create", name="Other one")
    registered(mlflow, f"runs:/{run}/model", tags=[{"key": "k", "value": "1"}])
    registered(mlflow, f"runs:/{second}/model")
    registered(mlflow, f"runs:/{run}/model", name="Other one")

    def search(filter="", **more):
        found = mlflow.get("model-versions/search", filter=filter, **more)["model_versions"]
        return [(one["name"], one["version"]) for one in found]

    assert search() == [("Other one", "1"), ("Churn", "2"), ("Churn", "1")]
    assert search("name = 'Churn'") == [("Churn", "2"), ("Churn", "1")]
    assert search("name='Churn'", max_results=1) == [("Churn", "2")]
    assert search(f"run_id = '{second}'") == [("Churn", "2")]
    assert search(f"run_id IN ('{run}') AND name LIKE 'O%'") == [("Other one", "1")]
    assert search(f"source_path = 'runs:/{second}/model'") == [("Churn", "2")]
    assert search("version_number > 1") == [("Churn", "2")]
    assert search("tags.k = '1'") == [("Churn", "1")]
    assert search(
        "tags.`mlflow.prompt.is_prompt` != 'true'", order_by=["name ASC", "version_number ASC"]
    ) == [
        ("Churn", "1"),
        ("Churn", "2"),
        ("Other one", "1"),
    ]
    for wrong in ("user_id = 'a'", "version_number > 'a'", "run_id > 'a'", "name"):
        assert mlflow.refused("model-versions/search", method="get", filter=wrong)[:2] == INVALID
    assert mlflow.refused("model-versions/search", method="get", max_results=200_001)[:2] == INVALID


def test_a_version_costs_the_same_with_more_files_and_its_message_is_signed_before_the_lock(
    mlflow, churn, run, monkeypatch
):
    registered(mlflow, f"runs:/{run}/model/code")
    write, counts, before = sending.message_for, [], []
    for source in ("model/code", "model"):
        with CaptureQueriesContext(connection) as queries:

            def signed(job, queries=queries):
                before.extend(one["sql"] for one in queries.captured_queries)
                return write(job)

            monkeypatch.setattr(sending, "message_for", signed)
            registered(mlflow, f"runs:/{run}/{source}")
        counts.append(len(queries))
        assert sum("FOR UPDATE" in one["sql"] for one in queries.captured_queries) == 1
    assert counts[0] == counts[1]
    assert before
    assert not any("FOR UPDATE" in one for one in before)
    assert Job.objects.filter(kind="registry.scan").count() == 3


def test_a_search_of_versions_reads_a_page_in_as_many_statements_as_one_row(mlflow, churn, run):
    registered(mlflow, f"runs:/{run}/model")
    mlflow.get("model-versions/search")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            mlflow.get("model-versions/search")
        counts.append(len(queries))
        for _ in range(3):
            registered(mlflow, f"runs:/{run}/model")
    # Who calls, and the page.
    assert counts == [2, 2]
