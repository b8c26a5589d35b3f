"""The client and large files, against a live server behind a line that breaks."""

import hashlib
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now

from apps.api.cli import client as cli
from apps.core import blobs
from apps.core.models import Blob
from apps.uploads.models import Upload
from tests.api.test_client import run

__all__ = ["run"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CONTENT = bytes(range(256)) * 4_000


@contextmanager
def breaking(url, *, ask=(), answer=()):
    """Forward connections to a server; those numbered in ``ask`` break in the body, those in ``answer`` before the answer."""
    target = urlsplit(url)
    server, count = socket.create_server(("127.0.0.1", 0)), [0]

    def forward(near, number):
        with near, socket.create_connection((target.hostname, target.port)) as far:
            request = near.recv(65_536)
            method = request.split(b" ", 1)[0]
            while b"\r\n\r\n" not in request:
                request += near.recv(65_536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = next(
                (
                    int(one.split(b":")[1])
                    for one in head.split(b"\r\n")
                    if one.lower().startswith(b"content-length")
                ),
                0,
            )
            if method == b"PATCH":
                count[0] += 1
                number = count[0]
            while len(body) < (length // 2 if number in ask else length):
                body += near.recv(65_536)
            far.sendall(head + b"\r\n\r\n" + body)
            if number in ask:
                return
            got = b""
            while part := far.recv(65_536):
                got += part
            if number not in answer:
                near.sendall(got)

    def serve():
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=forward, args=(near, 0), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(timeout=5)


def test_a_large_file_goes_on_where_the_line_broke(live_server, run, monkeypatch, tmp_path, ci, model):
    monkeypatch.setattr(cli, "IN_PARTS", 100_000)
    monkeypatch.setattr(cli, "PART", 200_000)
    large, small = tmp_path / "large.bin", tmp_path / "small.bin"
    large.write_bytes(CONTENT)
    small.write_bytes(b"small")
    # Of the parts the second breaks in its middle, and the fifth arrives but its answer does not.
    with breaking(live_server.url, ask={2}, answer={5}) as url:
        status, out, err = run(url, "upload", str(model.pk), str(large), str(small), token=ci.secret)
    assert (status, err.count("cannot be reached")) == (0, 2), err
    version = model.versions.get(pk=out.strip())
    files = {one.path: one.blob_id for one in version.artifacts.pinned()}
    assert files == {
        "large.bin": hashlib.sha256(CONTENT).hexdigest(),
        "small.bin": hashlib.sha256(b"small").hexdigest(),
    }
    with blobs.open_blob(files["large.bin"]) as kept:
        assert kept.read() == CONTENT


def test_a_command_that_was_stopped_goes_on_with_its_key(live_server, run, monkeypatch, tmp_path, ci, model):
    monkeypatch.setattr(cli, "IN_PARTS", 100_000)
    monkeypatch.setattr(cli, "PART", 200_000)
    large = tmp_path / "large.bin"
    large.write_bytes(CONTENT)
    command = ("upload", str(model.pk), str(large), "--key", "mine")
    with breaking(live_server.url, ask=set(range(4, 100))) as url:
        status, _, _ = run(url, *command, token=ci.secret)
    assert (status, Upload.objects.get().offset) == (3, 600_000)
    status, out, _ = run(live_server.url, *command, token=ci.secret)
    assert (status, out.strip()) == (0, str(model.versions.get().pk))
    assert (Upload.objects.count(), Blob.objects.filter(pk=hashlib.sha256(CONTENT).hexdigest()).count()) == (
        1,
        1,
    )


def test_the_joining_is_waited_for_longer_than_a_server_that_is_away(
    live_server, run, monkeypatch, tmp_path, ci, model
):
    monkeypatch.setattr(cli, "IN_PARTS", 100_000)
    monkeypatch.setattr(cli, "LONGEST_PAUSE", 0.2)
    large = tmp_path / "large.bin"
    large.write_bytes(CONTENT)
    command = ("upload", str(model.pk), str(large), "--key", "mine")
    with breaking(live_server.url, ask=set(range(1, 100))) as url:
        assert run(url, *command, token=ci.secret)[0] == 3
    Upload.objects.update(held_until=Now() + timedelta(seconds=4))
    status, _, err = run(live_server.url, *command, token=ci.secret)
    assert status == 0, err
    assert err.count("Another request writes to this upload") > cli.ATTEMPTS
