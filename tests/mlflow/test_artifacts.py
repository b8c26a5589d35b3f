"""The files of a run through the proxy."""

import hashlib
import io
from urllib.parse import quote

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.audit.models import Event
from apps.experiments.models import Artifact, ArtifactEnd, Run
from apps.registry import services as registry
from tests.mlflow.conftest import bearer

PROXY = "/mlflow/api/2.0/mlflow-artifacts"


def sent(tracking, method, address, **more):
    headers = {"Authorization": tracking.authorization} if tracking.authorization else {}
    return getattr(tracking.client, method)(f"{PROXY}/{address}", headers=headers, **more)


def put(tracking, address, content=b"content"):
    return sent(tracking, "put", f"artifacts/{address}", data=content, content_type="text/plain")


def listed(tracking, place):
    answer = sent(tracking, "get", "artifacts", data={"path": place})
    assert answer.status_code == 200, answer.content
    return answer.json()["files"]


@pytest.fixture
def run(mlflow):
    return mlflow.run()


@pytest.fixture
def root(run):
    return f"0/{run}/artifacts"


def test_a_file_is_put_listed_and_got(mlflow, run, root, client, dev):
    content = bytes(range(256)) * 40
    answer = put(mlflow, f"{root}/plots/matrix (test).bin", content)
    assert (answer.status_code, answer.json()) == (200, {})
    got = sent(mlflow, "get", f"artifacts/{root}/plots/matrix (test).bin")
    assert b"".join(got.streaming_content) == content
    assert got["Content-Length"] == str(len(content))
    assert got["Content-Disposition"].startswith("attachment")
    assert (got["Content-Type"], got["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert listed(mlflow, root) == [{"path": "plots", "is_dir": True}]
    file = {"path": "matrix (test).bin", "is_dir": False, "file_size": len(content)}
    assert listed(mlflow, f"{root}/plots") == [file]
    assert listed(mlflow, f"{root}/plots/matrix (test).bin") == []
    by_run = mlflow.get("artifacts/list", run_id=run, path="plots")
    assert by_run["root_uri"] == f"mlflow-artifacts:/{root}"
    assert by_run["files"] == [{**file, "path": "plots/matrix (test).bin"}]
    kept = Artifact.objects.get()
    assert kept.blob.digest == hashlib.sha256(content).hexdigest()
    assert Event.objects.filter(kind="experiments.artifact_logged", object_id=kept.pk).count() == 1
    client.force_login(dev)
    assert b"plots/matrix (test).bin" in client.get(f"/runs/{kept.run_id}/").content


def test_a_file_takes_the_place_of_another_whose_content_stays(mlflow, root):
    put(mlflow, f"{root}/a.txt", b"first")
    put(mlflow, f"{root}/a.txt", b"first")
    assert Artifact.objects.count() == 1
    put(mlflow, f"{root}/a.txt", b"second")
    put(mlflow, f"{root}/a.txt", b"first")
    assert b"".join(sent(mlflow, "get", f"artifacts/{root}/a.txt").streaming_content) == b"first"
    assert listed(mlflow, root) == [{"path": "a.txt", "is_dir": False, "file_size": 5}]
    assert (Artifact.objects.count(), ArtifactEnd.objects.count()) == (3, 2)
    assert Event.objects.filter(kind="experiments.artifact_removed").count() == 2


def test_an_empty_file_is_a_file(mlflow, root):
    assert put(mlflow, f"{root}/empty", b"").status_code == 200
    assert listed(mlflow, root) == [{"path": "empty", "is_dir": False, "file_size": 0}]


def test_files_are_removed_alone_or_with_their_folder(mlflow, root):
    for name in ("a", "b/one", "b/two", "bc"):
        put(mlflow, f"{root}/{name}")
    assert sent(mlflow, "delete", f"artifacts/{root}/a").json() == {}
    assert sent(mlflow, "get", f"artifacts/{root}/a").status_code == 404
    sent(mlflow, "delete", f"artifacts/{root}/b")
    assert [one["path"] for one in listed(mlflow, root)] == ["bc"]
    assert sent(mlflow, "delete", f"artifacts/{root}/b").status_code == 404
    assert sent(mlflow, "delete", f"artifacts/{root}/").status_code == 200
    assert listed(mlflow, root) == []
    assert Artifact.objects.count() == ArtifactEnd.objects.count() == 4


def test_files_come_after_the_end_too_but_not_to_what_is_deleted(mlflow, run, root):
    mlflow.post("runs/update", run_id=run, status="FINISHED")
    assert put(mlflow, f"{root}/late.txt").status_code == 200
    mlflow.post("runs/delete", run_id=run)
    answer = put(mlflow, f"{root}/later.txt")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_STATE")


BAD = [
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a//b",
    "/./etc",
    "./../x",
    "%2e%2e/x",
    "%252e%252e/x",
    "%25252e%25252e/x",
    "a\\..\\b",
    "..%5cx",
    "C:/x",
    "a#b",
    "a\x00b",
    "a\x01b",
    "x" * 301,
    " /a",
]


@pytest.mark.parametrize("path", BAD)
def test_a_path_that_leads_elsewhere_is_refused(mlflow, root, path):
    answer = put(mlflow, f"{root}/{quote(path)}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), path
    assert not Artifact.objects.exists()
    listing = sent(mlflow, "get", "artifacts", data={"path": f"{root}/{path}"})
    assert listing.status_code == 400


def test_a_path_is_a_file_or_a_folder(mlflow, root):
    put(mlflow, f"{root}/a/b")
    for path in ("a", "a/b/c"):
        answer = put(mlflow, f"{root}/{path}")
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "a/b" in answer.json()["message"]


@pytest.mark.parametrize(
    "place", ["", "0", "x/y/artifacts/a", "0/{run}", "0/{run}/other/a", "7/{run}/artifacts/a"]
)
def test_there_is_nothing_elsewhere(mlflow, run, place):
    place = place.format(run=run)
    for method in ("get", "put", "delete") if place else ():
        answer = sent(mlflow, method, f"artifacts/{place}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST"), method
    assert sent(mlflow, "get", "artifacts", data={"path": place}).status_code == 404


def test_a_file_that_is_too_large_is_refused(mlflow, root, settings):
    settings.MAX_UPLOAD_BYTES = 10
    answer = put(mlflow, f"{root}/a", b"x" * 11)
    assert answer.status_code == 413
    assert "10 bytes" in answer.json()["message"]
    assert not Artifact.objects.exists()


def test_files_in_parts_are_refused_so_that_the_client_sends_them_whole(mlflow, root):
    for address in (f"mpu/create/{root}", f"presigned/{root}/a"):
        answer = sent(mlflow, "post", address)
        assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
        assert answer.json()["message"].startswith(
            "Multipart upload is not supported for the current artifact repository"
        )


def test_another_verb_is_told_the_right_ones(mlflow, root):
    answer = sent(mlflow, "post", f"artifacts/{root}/a")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, PUT, DELETE")
    assert sent(mlflow, "put", "artifacts").status_code == 405


@pytest.mark.promise("28", "30")
def test_files_are_for_members_and_their_rights(mlflow, other, vera, root):
    put(mlflow, f"{root}/a")
    _, secret = accounts.issue_token(vera, name="v", scopes=Scope.values, by=vera)
    _, narrow = accounts.issue_token(vera, name="n", scopes=[Scope.READ], by=vera)
    before = Event.objects.count()
    for method in ("get", "put", "delete"):
        nobody = sent(bearer(""), method, f"artifacts/{root}/a")
        assert (nobody.status_code, nobody.json()["error_code"]) == (401, "UNAUTHENTICATED")
        stranger = sent(other, method, f"artifacts/{root}/a")
        assert (stranger.status_code, stranger.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
        viewer = sent(bearer(secret), method, f"artifacts/{root}/a")
        assert viewer.status_code == (200 if method == "get" else 403)
        assert b"".join(getattr(viewer, "streaming_content", [b""])) == (
            b"content" if method == "get" else b""
        )
        assert sent(bearer(narrow), method, f"artifacts/{root}/b").status_code == (
            404 if method == "get" else 403
        )
    assert sent(other, "get", "artifacts", data={"path": root}).status_code == 404
    assert sent(bearer(""), "post", f"mpu/create/{root}").status_code == 401
    assert Event.objects.count() == before


def test_files_of_a_run_that_a_version_came_from_stay(mlflow, run, root, model, dev):
    put(mlflow, f"{root}/a")
    registry.register_version(model, run=Run.objects.get(pk=run), by=dev)
    for answer in (put(mlflow, f"{root}/a", b"other"), sent(mlflow, "delete", f"artifacts/{root}/a")):
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_STATE")
        assert "v1 came from the run" in answer.json()["message"]
    assert put(mlflow, f"{root}/a").status_code == 200
    assert put(mlflow, f"{root}/b").status_code == 200


def test_a_list_of_files_costs_the_same(mlflow, root, django_assert_num_queries):
    put(mlflow, f"{root}/a")
    listed(mlflow, root)
    with django_assert_num_queries(3):
        listed(mlflow, root)
    put(mlflow, f"{root}/b")
    put(mlflow, f"{root}/c/d")
    with django_assert_num_queries(3):
        listed(mlflow, root)


def test_a_body_in_chunks_is_read_to_its_end(mlflow, root):
    """As gunicorn gives it: no length, and an input that ends by itself."""
    given = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "",
        "wsgi.input": io.BytesIO(b"in chunks"),
        "wsgi.input_terminated": True,
    }
    assert sent(mlflow, "put", f"artifacts/{root}/a", **given).status_code == 200
    assert b"".join(sent(mlflow, "get", f"artifacts/{root}/a").streaming_content) == b"in chunks"


def test_the_database_lets_one_file_of_a_path_stand_and_takes_no_end_back(mlflow, run, root, model, dev):
    put(mlflow, f"{root}/a")
    put(mlflow, f"{root}/a", b"another")
    there = Artifact.objects.standing().get()
    with pytest.raises(IntegrityError, match="a file stands at a"), transaction.atomic():
        Artifact.objects.create(run=there.run, path="a", blob=there.blob, created_by=dev)
    for change in (
        lambda: ArtifactEnd.objects.all().delete(),
        lambda: ArtifactEnd.objects.update(ended_by=dev),
    ):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            change()
    registry.register_version(model, run=there.run, by=dev)
    with pytest.raises(IntegrityError, match="a version came from the run"), transaction.atomic():
        ArtifactEnd.objects.create(artifact=there, ended_by=dev)
