"""Uploads under who means no good, or is at work twice: races, lies, others' ids, limits, and what is left lying about."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from apps.accounts import services as accounts
from apps.core import blobs
from apps.core.errors import MlgovError, Refused
from apps.projects import services as projects
from apps.projects.models import Membership
from apps.uploads import parts, services
from apps.uploads.models import Part, Upload
from tests.api.conftest import client_with
from tests.api.test_uploads import (
    API,
    Meanwhile,
    begin,
    begun,
    clean_up,
    code,
    kinds,
    place,
    send,
    sha,
    whole,
)
from tests.faults.test_races import at_once, refusals

__all__ = ["place"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_at_one_offset_one_is_taken_and_no_byte_of_the_other(project, dev):
    for number in range(10):
        whole = (b"a%04d" % number, b"b%04d" % number)
        upload = services.begin(project, size_bytes=6, sha256=sha(whole[0] + b"!"), by=dev)

        def append(part, upload=upload):
            return services.append(upload, offset=0, part=io.BytesIO(part), size_bytes=5, by=dev)

        found = at_once(lambda: append(whole[0]), lambda: append(whole[1]))  # noqa: B023 - runs within this round
        assert len(refusals(found)) == 1
        assert set(refusals(found)) <= {"upload_busy", "mismatching_upload_offset"}
        kept = whole[isinstance(found[0], MlgovError)]
        assert list(Part.objects.filter(upload=upload).values_list("offset", "size_bytes")) == [(0, 5)]
        with default_storage.open(upload.parts.get().key) as file:
            assert file.read() == kept
        services.give_up(upload, by=dev)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("limit", "refusal"),
    [
        ({"MAX_OPEN_UPLOADS": 1}, "too_many_uploads"),
        ({"MAX_PROJECT_UPLOAD_BYTES": 5}, "project_uploads_full"),
    ],
)
def test_of_two_who_begin_at_once_one_gets_the_last_room(project, dev, settings, limit, refusal):
    for name, most in limit.items():
        setattr(settings, name, most)

    def start():
        return services.begin(project, size_bytes=3, sha256="0" * 64, by=dev)

    for _ in range(10):
        assert refusals(at_once(start, start)) == [refusal]
        services.give_up(Upload.objects.get(), by=dev)


def test_a_writer_that_died_is_waited_for_and_its_bytes_do_not_count(pipeline, project, place):
    path = begun(pipeline, project, b"abcdef")
    # As a process leaves it that is killed between keeping a part and noting it.
    held = services._hold(Upload.objects.get().pk, offset=0, size_bytes=3, is_last=None)
    parts.keep(parts.key_of(held.pk, offset=0, fence=held.fence), io.BytesIO(b"XYZ"))
    busy = send(pipeline, path, 0, b"abc")
    assert code(busy) == (409, "upload_busy")
    assert int(busy["Retry-After"]) * 6 > services.HELD.total_seconds()
    assert pipeline.head(path)["Upload-Offset"] == "0"
    Upload.objects.update(held_until=Now())
    assert send(pipeline, path, 0, b"abc").status_code == 200
    assert send(pipeline, path, 3, b"def")["Upload-Complete"] == "?1"
    with blobs.open_blob(sha(b"abcdef")) as file:
        assert file.read() == b"abcdef"
    assert parts.folders() == []


def test_who_joins_while_it_is_given_up_reads_that_and_no_fault(project, dev, place):
    upload = services.begin(project, size_bytes=6, sha256=sha(b"abcdef"), by=dev)
    services.append(upload, offset=0, part=io.BytesIO(b"abc"), size_bytes=3, by=dev)
    asked = []

    def breathe():
        # Somebody else is done with it between the question and the reading.
        asked.append(parts.clear(upload.pk))
        if len(asked) > 1:
            raise Refused("Another request went on.", code="upload_busy")

    with pytest.raises(Refused):
        list(parts.read(upload.parts.all(), breathe=breathe))
    assert asked == [True, True]


def test_another_s_upload_is_no_file_of_mine_nor_is_one_that_is_over(
    pipeline, project, version, dev, ci, ada
):
    path, upload = f"{API}/versions/{version.pk}/artifacts", whole(pipeline, project, b"weights")
    _, secret = accounts.issue_token(dev, name="x", scopes=["read", "track"], by=dev)
    fields = {"path": "m", "upload": upload}
    assert code(client_with(secret).post(path, fields, format="json")) == (422, "no_upload")
    Upload.objects.update(expires_at=Now())
    assert code(pipeline.post(path, fields, format="json")) == (422, "no_upload")
    again = whole(pipeline, project, b"weights")
    assert pipeline.delete(f"{API}/uploads/{again}").status_code == 204
    assert code(pipeline.post(path, fields | {"upload": again}, format="json")) == (422, "no_upload")
    projects.remove_member(Membership.objects.get(user=ci.user), by=ada)
    assert pipeline.post(path, fields, format="json").status_code == 404


def test_what_was_made_of_an_upload_stays_when_it_is_given_up(pipeline, project, version):
    upload = whole(pipeline, project, b"weights")
    fields = {"path": "m", "upload": upload}
    made = pipeline.post(f"{API}/versions/{version.pk}/artifacts", fields, format="json")
    assert made.status_code == 201
    assert pipeline.delete(f"{API}/uploads/{upload}").status_code == 204
    with blobs.open_blob(made.json()["digest"]) as file:
        assert file.read() == b"weights"


def test_crumbs_without_end_are_refused(pipeline, project, monkeypatch):
    monkeypatch.setattr(services, "MOST_PARTS", 2)
    path = begun(pipeline, project, b"abcd")
    assert [send(pipeline, path, at, b"abcd"[at : at + 1]).status_code for at in range(2)] == [200, 200]
    assert code(send(pipeline, path, 2, b"cd")) == (409, "too_many_parts")
    assert pipeline.head(path)["Upload-Offset"] == "2"
    assert pipeline.delete(path).status_code == 204


def test_what_is_complete_takes_no_room_and_one_s_limit_is_not_another_s(pipeline, project, settings, dev):
    settings.MAX_OPEN_UPLOADS, settings.MAX_PROJECT_UPLOAD_BYTES = 1, 10
    for content in (b"weights", b"samples"):
        whole(pipeline, project, content)
    assert begin(pipeline, project, b"12345").status_code == 201
    assert code(begin(pipeline, project, b"1")) == (409, "too_many_uploads")
    _, secret = accounts.issue_token(dev, name="x", scopes=["track"], by=dev)
    assert code(begin(client_with(secret), project, b"123456")) == (409, "project_uploads_full")
    assert begin(client_with(secret), project, b"12345").status_code == 201


def test_what_is_written_to_is_not_cleared_away(pipeline, project, ci):
    begun(pipeline, project, b"abcdef")
    upload = Upload.objects.get()

    def meanwhile():
        Upload.objects.update(expires_at=Now() - timedelta(seconds=1))
        return clean_up(), services.expire(Upload.objects.get())

    part = Meanwhile(b"abc", meanwhile)
    assert services.append(upload, offset=0, part=part, size_bytes=3, by=ci.user).offset == 3
    assert part.found == ({"expired": 0, "strays": 0}, False)
    assert kinds() == ["uploads.begun"]


def test_names_that_are_no_upload_s_do_not_stop_the_clean_up(pipeline, project, place):
    for name in ("lost+found", "z" * 32, "٣" * 32):
        default_storage.save(f"uploads/{name}/x", ContentFile(b"x"))
    assert clean_up() == {"expired": 0, "strays": 0}


def test_the_digest_may_be_told_in_capitals_and_sizes_are_not_cut(pipeline, project):
    path = begin(pipeline, project, b"abc", sha256=sha(b"abc").upper())["Location"]
    for lie in (b"ab", b"abcd"):
        assert code(send(pipeline, path, 0, lie, Upload_Complete="?1")) == (400, "inconsistent_upload_length")
    # An end far beyond what an integer of the database holds is a wrong offset like any other.
    assert code(send(pipeline, path, 999_999_999_999_999, b"c")) == (409, "mismatching_upload_offset")
    assert send(pipeline, path, 0, b"abc")["Upload-Complete"] == "?1"
