"""Large files in parts: gone on with after a break, kept whole or not at all, and used in place of a file."""

import base64
import hashlib
import io
import json
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.http import Http404
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.api import uploads as api
from apps.audit.models import Event
from apps.core import blobs
from apps.core.errors import Refused
from apps.core.models import Blob
from apps.jobs import running
from apps.jobs.models import Job
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Membership
from apps.uploads import parts, services
from apps.uploads.models import Part, Upload
from tests.api.conftest import client_with
from tests.cast import COLUMNS, predictions_csv, weights

API = "/api/v1"
CONTENT = bytes(range(256)) * 40_000


@pytest.fixture(params=["folder", "bucket"])
def place(request):
    """Both places for files."""
    return request.getfixturevalue("bucket") if request.param == "bucket" else None


def sha(content):
    return hashlib.sha256(content).hexdigest()


def field(content):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def begin(client, project, content=CONTENT, /, **more):
    told = {"project": str(project.pk), "size": len(content), "sha256": sha(content)} | more
    return client.post(f"{API}/uploads", told, format="json")


def begun(client, project, content=CONTENT):
    answer = begin(client, project, content)
    assert answer.status_code == 201, answer.json()
    return answer["Location"]


def send(client, path, offset, part, *, media_type=api.MEDIA_TYPE, **headers):
    headers = {"Upload-Offset": str(offset)} | {
        name.replace("_", "-"): told for name, told in headers.items()
    }
    return client.generic("PATCH", path, part, content_type=media_type, headers=headers)


def whole(client, project, content=CONTENT, size=4_000_000):
    """Upload a content in parts, and return the id of its upload."""
    path = begun(client, project, content)
    for offset in range(0, len(content), size):
        answer = send(client, path, offset, content[offset : offset + size])
        assert answer.status_code == 200, answer.json()
    assert answer["Upload-Complete"] == "?1"
    return answer.json()["id"]


def code(answer):
    return answer.status_code, answer.json()["code"]


def kinds():
    return list(
        Event.objects.filter(kind__startswith="uploads.").order_by("id").values_list("kind", flat=True)
    )


def test_parts_are_joined_checked_and_kept_as_one_file(pipeline, project, place, settings):
    settings.MAX_UPLOAD_BYTES = 10
    path = begun(pipeline, project)
    first = send(pipeline, path, 0, CONTENT[:9_000_000], Content_Digest=field(CONTENT[:9_000_000]))
    assert (first.status_code, first["Upload-Offset"], first["Upload-Complete"]) == (200, "9000000", "?0")
    head = pipeline.head(path)
    assert (head.status_code, head["Upload-Offset"], head["Upload-Length"]) == (
        200,
        "9000000",
        str(len(CONTENT)),
    )
    assert (head["Upload-Complete"], head["Cache-Control"]) == ("?0", "no-store")
    assert (
        f"max-size={settings.MAX_RESUMABLE_BYTES}, max-append-size={64 * 1024**2}, max-age="
        in head["Upload-Limit"]
    )
    assert not Blob.objects.filter(pk=sha(CONTENT)).exists()
    last = send(pipeline, path, 9_000_000, CONTENT[9_000_000:], Upload_Complete="?1")
    assert (last.status_code, last["Upload-Complete"], last.json()["state"]) == (200, "?1", "complete")
    with blobs.open_blob(sha(CONTENT)) as kept:
        assert kept.read() == CONTENT
    assert Blob.objects.get(pk=sha(CONTENT)).size_bytes == len(CONTENT)
    assert parts.folders() == []
    assert kinds() == ["uploads.begun", "uploads.completed"]


def test_its_id_stands_in_place_of_a_file(pipeline, project, version, run):
    file, table = whole(pipeline, project, weights()), whole(pipeline, project, predictions_csv())
    told = {"columns": json.dumps(COLUMNS.to_json()), "dataset": "holdout"}
    sent = {
        f"{API}/models/{version.model.pk}/versions": {"path": "m.npz", "upload": file},
        f"{API}/versions/{version.pk}/artifacts": {"path": "n.npz", "upload": file},
        f"{API}/runs/{run.pk}/artifacts": {"path": "n.npz", "upload": file},
        f"{API}/versions/{version.pk}/predictions": told | {"upload": table},
    }
    for shape in ("json", "multipart"):
        for path, fields in sent.items():
            answer = pipeline.post(
                path, fields | {"path": f"{shape}.npz"} if "path" in fields else fields, format=shape
            )
            assert answer.status_code == 201, answer.json()
            files = answer.json().get("files", [answer.json()])
            assert files[0]["digest"] in {sha(weights()), sha(predictions_csv())}


def test_a_file_and_an_upload_are_not_both_and_not_neither(pipeline, project, version):
    path, upload = f"{API}/versions/{version.pk}/artifacts", whole(pipeline, project, b"weights")
    both = {"path": "m", "upload": upload, "file": io.BytesIO(b"x")}
    for fields, pointer in ((both, "/upload"), ({"path": "m"}, "/file")):
        answer = pipeline.post(path, fields, format="multipart")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_what_is_not_complete_not_there_or_of_another_project_is_no_file(
    pipeline, stranger, project, version, ci, ada
):
    other = projects.create_project(slug="other", name="Other", by=ada)
    projects.add_member(other, user=ci.user, role=Role.CONTRIBUTOR, by=ada)
    open_one = begun(pipeline, project).rpartition("/")[2]
    elsewhere = whole(pipeline, other, b"weights")
    path = f"{API}/versions/{version.pk}/artifacts"
    for upload, refusal in (
        (open_one, (409, "upload_incomplete")),
        (elsewhere, (422, "no_upload")),
        (str(version.pk), (422, "no_upload")),
    ):
        assert code(pipeline.post(path, {"path": "m", "upload": upload}, format="json")) == refusal


def test_another_offset_is_told_the_right_one(pipeline, project):
    path = begun(pipeline, project)
    send(pipeline, path, 0, CONTENT[:100])
    for offset in (0, 99, 101, len(CONTENT)):
        answer = send(pipeline, path, offset, CONTENT[100:200])
        assert code(answer) == (409, "mismatching_upload_offset")
        assert answer["Upload-Offset"] == "100"
        assert (answer.json()["expected-offset"], answer.json()["provided-offset"]) == (100, offset)
        assert answer.json()["type"].endswith("http-problem-types#mismatching-upload-offset")
    assert send(pipeline, path, 100, CONTENT[100:200]).status_code == 200


@pytest.mark.parametrize("offset", ["", "-1", "1.0", "x", "１", "1" * 16])
def test_an_offset_that_is_none_is_refused(pipeline, project, offset):
    answer = send(pipeline, begun(pipeline, project), offset.encode().decode("latin-1"), b"x")
    assert code(answer) == (422, "bad_upload_offset")


def test_a_part_that_came_out_otherwise_is_not_kept(pipeline, project):
    path = begun(pipeline, project)
    answer = send(pipeline, path, 0, CONTENT[:99], Content_Digest=field(CONTENT[:100]))
    assert code(answer) == (400, "digest_mismatch")
    assert pipeline.head(path)["Upload-Offset"] == "0"
    assert (Part.objects.count(), parts.folders()) == (0, [])


def test_more_than_was_told_and_an_end_that_is_none_are_refused(pipeline, project):
    path = begun(pipeline, project, b"0123456789")
    assert send(pipeline, path, 0, b"01234").status_code == 200
    for part, complete in ((b"567890", "?1"), (b"56", "?1"), (b"56789", "?0")):
        answer = send(pipeline, path, 5, part, Upload_Complete=complete)
        assert code(answer) == (400, "inconsistent_upload_length")
    assert code(send(pipeline, path, 5, b"56789", Upload_Complete="1")) == (422, "bad_upload_complete")
    assert send(pipeline, path, 5, b"56789", Upload_Complete="?1").status_code == 200
    answer = send(pipeline, path, 10, b"")
    assert code(answer) == (409, "completed_upload")


def test_other_media_types_and_bodies_without_a_length_are_refused(pipeline, project):
    path = begun(pipeline, project)
    assert send(pipeline, path, 0, b"{}", media_type="application/json").status_code == 415
    assert code(send(pipeline, path, 0, b"", Transfer_Encoding="chunked")) == (400, "length_needed")


def test_another_file_than_was_told_is_refused_and_leaves_nothing(pipeline, project, place):
    path = begun(pipeline, project)
    assert send(pipeline, path, 0, CONTENT[:-1]).status_code == 200
    answer = send(pipeline, path, len(CONTENT) - 1, b"x")
    assert code(answer) == (400, "digest_mismatch")
    assert answer.json()["found"] == sha(CONTENT[:-1] + b"x")
    assert pipeline.head(path).status_code == 404
    assert (Upload.objects.count(), Part.objects.count(), parts.folders()) == (0, 0, [])
    assert not Blob.objects.filter(pk__in=[sha(CONTENT), answer.json()["found"]]).exists()
    assert kinds() == ["uploads.begun", "uploads.refused"]
    if place is not None:
        assert place.keys() == []
        assert "Uploads" not in place.client().list_multipart_uploads(Bucket="mlgov-files")


def test_who_names_a_digest_must_have_the_content(pipeline, project):
    blobs.store(io.BytesIO(b"a secret"), max_bytes=100)
    path = begin(pipeline, project, b"a secret")["Location"]
    assert code(send(pipeline, path, 0, b"a guess!")) == (400, "digest_mismatch")
    assert whole(pipeline, project, b"a secret")


class Meanwhile(io.BytesIO):
    """A part during whose reading something else happens, once."""

    def __init__(self, content, act):
        super().__init__(content)
        self.act, self.found = act, None

    def read(self, *size):
        if self.found is None:
            self.found = True
            self.found = self.act()
        return super().read(*size)


def appending(upload, part, by):
    return services.append(upload, offset=upload.offset, part=part, size_bytes=3, by=by)


def test_of_two_writers_at_once_the_second_is_refused(project, dev):
    upload = services.begin(project, size_bytes=6, sha256=sha(b"abcdef"), by=dev)

    def second():
        with pytest.raises(Refused) as caught:
            appending(upload, io.BytesIO(b"ABC"), dev)
        return caught.value.code

    part = Meanwhile(b"abc", second)
    held = appending(upload, part, dev)
    assert (part.found, held.offset) == ("upload_busy", 3)
    assert services.append(held, offset=3, part=io.BytesIO(b"def"), size_bytes=3, by=dev).is_complete


def test_what_a_writer_that_was_believed_dead_wrote_does_not_count(project, dev):
    upload = services.begin(project, size_bytes=6, sha256=sha(b"ABCdef"), by=dev)

    def second():
        Upload.objects.update(held_until=Now() - timedelta(seconds=1))
        return appending(upload, io.BytesIO(b"ABC"), dev).offset

    part = Meanwhile(b"abc", second)
    with pytest.raises(Refused) as caught:
        appending(upload, part, dev)
    assert (part.found, caught.value.code) == (3, "upload_busy")
    upload.refresh_from_db()
    assert services.append(upload, offset=3, part=io.BytesIO(b"def"), size_bytes=3, by=dev).is_complete


def test_an_upload_that_is_given_up_in_the_middle_of_a_write_stays_so(pipeline, project, ci):
    path = begun(pipeline, project, b"abcdef")
    upload = Upload.objects.get()
    part = Meanwhile(b"abc", lambda: pipeline.delete(path).status_code)
    with pytest.raises(Http404):
        appending(upload, part, ci.user)
    assert part.found == 204
    assert (pipeline.head(path).status_code, Part.objects.count()) == (404, 0)
    Upload.objects.update(held_until=Now())
    assert clean_up() == {"expired": 1, "strays": 0}
    assert (Upload.objects.count(), parts.folders()) == (0, [])


def test_a_check_that_broke_off_is_made_again_by_sending_nothing(bucket, pipeline, project):
    path = begun(pipeline, project, b"weights")
    assert send(pipeline, path, 0, b"weigh").status_code == 200
    Part.objects.update(key="uploads/gone")
    assert send(pipeline, path, 5, b"ts").status_code == 503
    head = pipeline.head(path)
    assert (head["Upload-Offset"], head["Upload-Complete"]) == ("7", "?0")
    first = Part.objects.get(offset=0)
    kept = parts.key_of(first.upload_id, offset=0, fence=1)
    Part.objects.filter(pk=first.pk).update(key=kept)
    done = send(pipeline, path, 7, b"", Upload_Complete="?1")
    assert (done.status_code, done["Upload-Complete"]) == (200, "?1")


def test_it_is_its_owner_s_alone(pipeline, stranger, project, ada, dev):
    path = begun(pipeline, project)
    others = [stranger]
    for member in (ada, dev):
        _, secret = accounts.issue_token(member, name="x", scopes=["read", "track"], by=member)
        others.append(client_with(secret))
    for other in others:
        assert other.get(path).status_code == other.head(path).status_code == 404
        assert send(other, path, 0, b"x").status_code == other.delete(path).status_code == 404
        assert other.get(f"{API}/uploads").json()["results"] == []
    assert len(pipeline.get(f"{API}/uploads").json()["results"]) == 1
    assert begin(stranger, project).status_code == 404
    assert begin(APIClient(), project).status_code == 401


def test_it_takes_the_scope_and_the_right_of_the_moment(pipeline, project, ci, dev, ada, vera):
    _, secret = accounts.issue_token(ci.user, name="reads", scopes=["read", "evidence"], by=dev)
    assert code(begin(client_with(secret), project)) == (403, "forbidden")
    _, secret = accounts.issue_token(vera, name="views", scopes=["track"], by=vera)
    assert begin(client_with(secret), project).status_code == 403
    path = begun(pipeline, project)
    membership = projects.change_role(Membership.objects.get(user=ci.user), role=Role.VIEWER, by=ada)
    assert send(pipeline, path, 0, b"x").status_code == 403
    projects.remove_member(membership, by=ada)
    assert send(pipeline, path, 0, b"x").status_code == 404


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"size": 0}, 422),
        ({"size": "many"}, 422),
        ({"sha256": "abc"}, 422),
        ({"project": "mortgages"}, 422),
        ({"name": "m.npz"}, 422),
        ({"size": 2**60}, 413),
    ],
)
def test_what_cannot_be_an_upload_is_refused(pipeline, project, more, status):
    answer = begin(pipeline, project, **more)
    assert answer.status_code == status, answer.json()
    assert status == 422 or "max-size=" in answer["Upload-Limit"]
    assert not Upload.objects.exists()


def test_there_are_so_many_at_once_and_a_project_has_so_many_bytes(pipeline, project, settings):
    settings.MAX_OPEN_UPLOADS, settings.MAX_PROJECT_UPLOAD_BYTES = 2, 100
    first = begun(pipeline, project, b"x" * 30)
    assert code(begin(pipeline, project, b"x" * 71)) == (409, "project_uploads_full")
    assert begin(pipeline, project, b"x" * 70).status_code == 201
    assert code(begin(pipeline, project, b"x")) == (409, "too_many_uploads")
    assert pipeline.delete(first).status_code == 204
    assert begin(pipeline, project, b"x" * 30).status_code == 201


def test_a_part_is_not_larger_than_the_limit(pipeline, project, monkeypatch):
    monkeypatch.setattr(services, "MOST_PART_BYTES", 100)
    path = begun(pipeline, project)
    answer = send(pipeline, path, 0, CONTENT[:101])
    assert code(answer) == (413, "too_large")
    assert "max-append-size=100" in answer["Upload-Limit"]
    assert send(pipeline, path, 0, CONTENT[:100]).status_code == 200


def test_the_same_key_begins_one_upload(pipeline, project):
    told = {"project": str(project.pk), "size": 3, "sha256": sha(b"abc")}
    first, second = (
        pipeline.post(f"{API}/uploads", told, format="json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.json() == second.json()
    assert second["Location"] == first["Location"]
    assert Upload.objects.count() == 1


def clean_up():
    job = Job.objects.create(kind="uploads.clean_up", args={})
    running.run(job.pk, worker="here")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    return job.result


def test_what_is_over_is_cleared_away(pipeline, project, place):
    path, used = begun(pipeline, project), whole(pipeline, project, b"weights")
    send(pipeline, path, 0, CONTENT[:100])
    assert clean_up() == {"expired": 0, "strays": 0}
    Upload.objects.update(expires_at=Now())
    assert pipeline.head(path).status_code == 404
    parts.keep("uploads/0198c0de0198c0de0198c0de0198c0de/000-1", io.BytesIO(b"of nobody"))
    assert clean_up() == {"expired": 2, "strays": 1}
    assert (Upload.objects.count(), Part.objects.count(), parts.folders()) == (0, 0, [])
    assert kinds()[-1] == "uploads.expired"
    assert kinds().count("uploads.expired") == 1
    with blobs.open_blob(sha(b"weights")) as kept:
        assert kept.read() == b"weights"
    assert pipeline.get(f"{API}/uploads/{used}").status_code == 404


def test_each_part_gives_it_another_day(pipeline, project):
    path = begun(pipeline, project)
    Upload.objects.update(expires_at=Now() + timedelta(minutes=1))
    send(pipeline, path, 0, CONTENT[:100])
    assert int(pipeline.head(path)["Upload-Limit"].rpartition("=")[2]) > 86_000
