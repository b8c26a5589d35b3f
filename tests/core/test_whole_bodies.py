"""A body that breaks off is refused before anything is done with the part that came."""

import io
import json

import pytest
from django.core.signals import request_started
from django.db import close_old_connections

from apps.api.models import IdempotentAnswer
from apps.core.whole_bodies import WholeBody
from apps.registry.models import Version
from mlgov.wsgi import application

FORM = (
    b'--edge\r\nContent-Disposition: form-data; name="path"\r\n\r\nm.npz\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="m.npz"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + b"weights" * 1000 + b"\r\n--edge--\r\n"
)


class Gone(io.BytesIO):
    """A caller who resets the connection after what it sent."""

    def read(self, size=-1):
        got = super().read(size)
        if not got:
            raise ConnectionResetError
        return got


@pytest.fixture
def post(rf, ci):
    """Send a body through the application that gunicorn serves; returns the status and the document."""

    def send(path, body, *, whole, content_type, reader=io.BytesIO):
        headers = {"Authorization": f"Bearer {ci.secret}", "Idempotency-Key": "once"}
        environ = rf.post(path, headers=headers).environ
        environ |= {"wsgi.input": reader(body), "CONTENT_LENGTH": str(whole), "CONTENT_TYPE": content_type}
        started = []
        answer = application(environ, lambda status, headers, error=None: started.append(status))
        return int(started[0].split()[0]), json.loads(b"".join(answer))

    # As Django's own client: the connection is the test's.
    request_started.disconnect(close_old_connections)
    yield send
    request_started.connect(close_old_connections)


def test_a_form_that_breaks_off_makes_nothing_and_can_be_sent_again(post, version):
    path, kind = f"/api/v1/models/{version.model.pk}/versions", "multipart/form-data; boundary=edge"
    for sent, reader in ((0, io.BytesIO), (30, io.BytesIO), (300, Gone), (len(FORM) - 20, io.BytesIO)):
        status, document = post(path, FORM[:sent], whole=len(FORM), content_type=kind, reader=reader)
        assert (status, document["code"]) == (400, "bad_request")
        assert "broke off" in document["detail"]
        assert Version.objects.count() == 1
        assert not IdempotentAnswer.objects.exists()
    status, made = post(path, FORM, whole=len(FORM), content_type=kind)
    assert status == 201
    assert [one.path for one in Version.objects.get(pk=made["id"]).artifacts.all()] == ["m.npz"]


def test_json_that_breaks_off_is_refused_with_the_same_words(post, version):
    path = f"/api/v1/versions/{version.pk}/promotions"
    status, document = post(path, b'{"to": "staging"}', whole=60, content_type="application/json")
    assert (status, document["code"]) == (400, "bad_request")
    assert "broke off" in document["detail"]


def test_a_call_of_mlflow_that_breaks_off_is_no_fault_of_ours(post, project):
    path = "/mlflow/api/2.0/mlflow/runs/create"
    status, document = post(path, b'{"experiment_id": "0"}', whole=60, content_type="application/json")
    assert (status, document["error_code"]) == (400, "BAD_REQUEST")


def test_a_body_is_read_whole_though_it_comes_in_pieces():
    class Piecewise(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 3))

    body = WholeBody(Piecewise(b"one\ntwo\nthree"), 11)
    assert (body.read(2), body.readline(), body.read(), body.read(), body.readline(5)) == (
        b"on",
        b"e\n",
        b"two\nthr",
        b"",
        b"",
    )
