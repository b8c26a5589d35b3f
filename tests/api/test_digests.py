"""Content-Digest and the field sha256: another body or file than was meant is refused, and leaves nothing."""

import base64
import hashlib
import io
import json

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from rest_framework.test import APIClient

from apps.api.models import IdempotentAnswer
from apps.api.openapi import document
from apps.core import blobs
from apps.core.models import Blob
from apps.registry.models import Version
from tests.cast import COLUMNS, predictions_csv

API = "/api/v1"
#: Over what the parser of forms holds in memory.
LARGE = bytes(range(256)) * 12_000


def field(content, *names):
    said = [f"{name}=:{base64.b64encode(_sha(name, content)).decode()}:" for name in names or ("sha-256",)]
    return ", ".join(said)


def _sha(name, content):
    return hashlib.new(name.replace("-", ""), content).digest()


def form(**fields):
    """Return the body of a form; bytes are a file."""
    for name, value in fields.items():
        if isinstance(value, bytes):
            fields[name] = io.BytesIO(value)
            fields[name].name = "file.csv"
    return encode_multipart(BOUNDARY, fields)


def send(client, path, body, *, digest, content_type=MULTIPART_CONTENT, **headers):
    return client.generic(
        "POST", path, body, content_type=content_type, headers={"Content-Digest": digest, **headers}
    )


@pytest.fixture
def uploads(version, run):
    """Return the body of an upload for each address that takes model files, artifacts or predictions."""
    table = form(file=predictions_csv(), columns=json.dumps(COLUMNS.to_json()), dataset="holdout")
    return {
        f"{API}/models/{version.model.pk}/versions": form(file=b"weights", path="m.npz"),
        f"{API}/versions/{version.pk}/artifacts": form(file=LARGE, path="m.npz"),
        f"{API}/runs/{run.pk}/artifacts": form(file=b"notes", path="notes.txt"),
        f"{API}/versions/{version.pk}/predictions": table,
    }


@pytest.mark.parametrize("names", [("sha-256",), ("sha-512",), ("sha-512", "sha-256")])
def test_a_body_that_is_what_its_sender_says_is_taken(pipeline, uploads, names):
    for path, body in uploads.items():
        answer = send(pipeline, path, body, digest=field(body, *names))
        assert answer.status_code == 201, answer.json()


@pytest.mark.parametrize("names", [("sha-256",), ("sha-512",)])
def test_another_body_is_refused_and_leaves_nothing(pipeline, uploads, names):
    before = Blob.objects.count(), Version.objects.count()
    for path, body in uploads.items():
        other = body.replace(b"file.csv", b"file.tsv", 1)
        answer = send(pipeline, path, other, digest=field(body, *names), **{"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (400, "digest_mismatch")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["found"] == field(other, *names)
        assert f"the {names[0]} of Content-Digest" in answer.json()["detail"]
    assert (Blob.objects.count(), Version.objects.count()) == before
    assert not IdempotentAnswer.objects.exists()


def test_the_key_of_a_body_that_was_damaged_serves_for_the_one_that_was_meant(pipeline, uploads):
    path, body = next(iter(uploads.items()))
    sent = [
        send(pipeline, path, one, digest=field(body), **{"Idempotency-Key": "k"}).status_code
        for one in (body.replace(b"weights", b"wEights"), body, body)
    ]
    assert sent == [400, 201, 201]
    assert Version.objects.count() == 2


def test_each_digest_that_is_known_must_be_right_and_others_are_ignored(pipeline, uploads):
    path, body = next(iter(uploads.items()))
    wrong = field(b"other", "sha-512")
    assert send(pipeline, path, body, digest=f"{field(body)}, {wrong}").status_code == 400
    for more in ("unixsum=:AAAA:", "md5=1;q=2", "sha=?0", "x-new=(1 2)"):
        assert send(pipeline, path, body, digest=f"{more}, {field(body)};a=1").status_code == 201
        assert send(pipeline, path, body, digest=more).status_code == 201
        assert send(pipeline, path, body, digest=f"{more}, {field(b'other')}").status_code == 400


@pytest.mark.parametrize(
    "digest",
    [
        "sha-256",
        "sha-256=",
        "sha-256=abc",
        "sha-256=:abc",
        "sha-256=:YWJj:",
        "sha-256=:é:",
        "sha-256=(:YWJj:)",
        'sha-512="YWJj"',
        "sha-256=:YWJj: unixsum=:YWJj:",
        "sha-256:" + "a" * 64,
        field(b"", "sha-256").replace("256", "512"),
    ],
)
def test_a_field_that_cannot_be_read_is_refused(pipeline, uploads, digest):
    path, body = next(iter(uploads.items()))
    answer = send(pipeline, path, body, digest=digest.encode().decode("latin-1"))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_digest")
    assert Version.objects.count() == 1


def test_it_holds_for_json_and_before_a_body_is_called_unreadable(pipeline, project):
    path, body = f"{API}/projects/{project.pk}/experiments", b'{"name": "one"}'
    sent = [
        send(pipeline, path, one, digest=field(two), content_type="application/json")
        for one, two in ((body, body), (body, b"{}"), (body[:-1], body), (b"{", b"{"))
    ]
    codes = [(one.status_code, one.json().get("code")) for one in sent]
    assert codes == [
        (201, None),
        (400, "digest_mismatch"),
        (400, "digest_mismatch"),
        (400, "bad_request"),
    ]
    assert send(pipeline, path, b"", digest=field(b"x")).json()["code"] == "digest_mismatch"
    assert send(pipeline, path, body, digest=field(body), content_type="text/plain").status_code == 415


def test_it_holds_for_a_person_whose_form_was_read_for_its_csrf_token(dev, uploads):
    path = next(iter(uploads))
    person = APIClient(enforce_csrf_checks=True)
    person.force_login(dev)
    person.get("/")
    token = person.cookies["csrftoken"].value
    body = form(file=b"weights", path="m.npz")
    for told, status in ((b"other", 400), (body, 201)):
        answer = send(person, path, body, digest=field(told), **{"X-CSRFToken": token})
        assert answer.status_code == status, answer.json()


def test_who_may_not_see_it_learns_nothing_by_a_digest(stranger, client, uploads):
    path, body = next(iter(uploads.items()))
    assert send(stranger, path, body, digest=field(body)).status_code == 404
    assert send(APIClient(), path, body, digest=field(b"other")).status_code == 401


def test_the_sha256_of_a_file_stands_beside_it(pipeline, version, run):
    sha = hashlib.sha256(b"weights").hexdigest()
    paths = {
        f"{API}/models/{version.model.pk}/versions": {"path": "m.npz"},
        f"{API}/versions/{version.pk}/artifacts": {"path": "m.npz"},
        f"{API}/runs/{run.pk}/artifacts": {"path": "m.npz"},
    }
    before = Blob.objects.count()
    for path, fields in paths.items():
        wrong = form(file=b"wEights", sha256=sha, **fields)
        answer = pipeline.generic("POST", path, wrong, content_type=MULTIPART_CONTENT)
        assert (answer.status_code, answer.json()["code"]) == (400, "digest_mismatch")
        assert answer.json()["found"] == hashlib.sha256(b"wEights").hexdigest()
        for text in ("abc", "é" * 64, sha + "\n0"):
            body = form(file=b"weights", sha256=text, **fields)
            assert pipeline.generic("POST", path, body, content_type=MULTIPART_CONTENT).status_code == 422
    assert Blob.objects.count() == before
    for path, fields in paths.items():
        right = form(file=b"weights", sha256=sha.upper(), **fields)
        answer = pipeline.generic("POST", path, right, content_type=MULTIPART_CONTENT)
        assert answer.status_code == 201, answer.json()
    with blobs.open_blob(sha) as kept:
        assert kept.read() == b"weights"


def test_predictions_are_read_after_their_sha256_was_taken(pipeline, version):
    content = predictions_csv()
    fields = {"columns": json.dumps(COLUMNS.to_json()), "dataset": "holdout"}
    path = f"{API}/versions/{version.pk}/predictions"
    for sha, status in (("0" * 64, 400), (hashlib.sha256(content).hexdigest(), 201)):
        body = form(file=content, sha256=sha, **fields)
        answer = pipeline.generic("POST", path, body, content_type=MULTIPART_CONTENT)
        assert answer.status_code == status, answer.json()
    assert answer.json()["row_count"] == 600


def test_a_sha256_without_its_file_is_a_fault(pipeline, version):
    path = f"{API}/models/{version.model.pk}/versions"
    answer = pipeline.post(path, {"sha256": "0" * 64}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/sha256")


def test_a_card_that_is_read_comes_with_its_digest(pipeline, version):
    path = f"{API}/versions/{version.pk}/card.json"
    answer = pipeline.get(path)
    assert answer["Content-Digest"] == answer["Repr-Digest"] == field(answer.content)
    head = pipeline.head(path)
    assert head["Repr-Digest"] == answer["Repr-Digest"]
    assert "Content-Digest" not in head


def test_a_stored_file_is_sent_with_its_digest(db):
    kept = blobs.store(io.BytesIO(b"notes"), max_bytes=100)
    answer = blobs.download(kept.digest, name="notes.txt")
    assert b"".join(answer.streaming_content) == b"notes"
    answer.close()
    assert answer["Repr-Digest"] == field(b"notes")
    assert answer["Content-Disposition"] == 'attachment; filename="notes.txt"'


def test_every_address_that_takes_a_file_tells_of_it():
    paths = document()["paths"]
    takes = {
        f"{verb} {path}": {one["name"] for one in operation.get("parameters", [])}
        for path, operations in paths.items()
        for verb, operation in operations.items()
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {})
    }
    assert len(takes) >= 10
    assert [one for one, names in takes.items() if "Content-Digest" not in names] == []
