"""A disk without room: what is sent is refused in a sentence, leaves nothing, and is kept once there is room again."""

import io
import json
import os
import subprocess
from functools import partial
from itertools import product
from uuid import uuid4

import pytest

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.core.models import Blob
from apps.evaluations.models import PredictionSet
from apps.jobs.models import Job
from apps.registry.models import Artifact
from tests.cast import COLUMNS, predictions_csv
from tests.faults.processes import Browser
from tests.gates.conftest import bea, tiny  # noqa: F401 - fixtures
from tests.gates.light import tiny_version

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
]
#: Over 2.5 MB the web framework itself spools an upload to the folder for temporary files.
LARGE = 3 * 1024 * 1024
FILLER = "filler"
ROOM = 16 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a file system of 16 MiB at a folder of the test. Needs root, as CI has."""
    mounted = []

    def mount(name: str):
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0700", "mlgov-test", folder], check=True
        )
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Take all the room there is, but for less than a page."""
    with (folder / FILLER).open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    assert os.statvfs(folder).f_bavail == 0


def multipart(content: bytes, **fields: str) -> tuple[bytes, str]:
    border = uuid4().hex
    body = io.BytesIO()
    for name, value in fields.items():
        part = f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        body.write(part.encode())
    head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body.write(head.encode() + content + f"\r\n--{border}--\r\n".encode())
    return body.getvalue(), f"multipart/form-data; boundary={border}"


def predictions(version, seed):
    columns = json.dumps(COLUMNS.to_json())
    return f"/api/v1/versions/{version.pk}/predictions", multipart(
        predictions_csv(seed=seed), columns=columns, dataset="holdout"
    )


def artifact(version, number):
    return f"/api/v1/versions/{version.pk}/artifacts", multipart(
        os.urandom(LARGE), path=f"weights-{number}.bin"
    )


def files(folder) -> dict[str, int]:
    """Return the size in bytes of each file by its name, which is the digest of its content."""
    return {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def rows():
    return {model.__name__: model.objects.count() for model in (Blob, PredictionSet, Artifact, Job)}


@pytest.mark.promise("faults")
def test_an_upload_to_a_full_disk(start_web, small_disk, tmp_path, tiny, dev):  # noqa: F811
    version = tiny_version(tiny, by=dev)
    _, secret = accounts.issue_token(dev, name="t", scopes=Scope.values, by=dev)
    blobs, spool = small_disk("blobs"), small_disk("spool")
    pipeline = Browser(start_web(TMPDIR=str(spool)), token=secret)
    assert pipeline.get(predictions(version, 0)[0]).status == 200
    # The full disk is that of the store, or that of temporary files, where large uploads are spooled before we see them.
    for number, (disk, upload) in enumerate(product((blobs, spool), (predictions, artifact))):
        place, (body, kind) = upload(version, number)
        send = partial(pipeline.post, place, body, Content_Type=kind, Idempotency_Key=f"key {number}")
        before, kept = rows(), files(blobs)
        fill(disk)
        refused = send()
        problem = json.loads(refused.text)
        assert (refused.status, problem["code"]) == (507, "disk_full"), problem
        assert "disk of the server is full" in problem["detail"]
        assert int(refused.headers["Retry-After"]) > 0
        (disk / FILLER).unlink()
        assert (rows(), files(blobs)) == (before, kept)
        taken = send()
        assert taken.status == 201, taken.text
        assert files(blobs) == dict(Blob.objects.values_list("digest", "size_bytes"))
        assert len(files(blobs)) == number + 1
