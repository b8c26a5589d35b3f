"""A server that speaks S3, in a process of its own on the loopback, and files of mlgov that are kept in it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest

from mlgov import environment

BUCKET = "mlgov-files"
KEYS = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "not-so-secret",
    "AWS_REGION": "eu-central-1",
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The address of the server, and what a test asks of it beside S3."""

    def __init__(self, address: str) -> None:
        self.address = address

    def post(self, path: str, body: bytes = b"") -> None:
        request = urllib.request.Request(f"{self.address}/moto-api/{path}", data=body, method="POST")
        request.add_header("Content-Type", "application/octet-stream")
        urllib.request.urlopen(request, timeout=10).close()

    def demand_credentials(self) -> None:
        """From now on refuse keys that nobody has been given."""
        self.post("reset-auth", b"0")

    def client(self):
        import boto3

        return boto3.client("s3", endpoint_url=self.address, region_name=KEYS["AWS_REGION"])

    def keys(self) -> list[str]:
        found = self.client().list_objects_v2(Bucket=BUCKET)
        return [one["Key"] for one in found.get("Contents", [])]


@pytest.fixture(scope="session")
def s3_process():
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | KEYS,
    )
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Server(f"http://127.0.0.1:{port}")
    server.terminate()
    server.wait(10)


@pytest.fixture
def s3(s3_process, monkeypatch):
    """An S3 server with one empty bucket, whose keys are in the environment."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_process.address)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3_process.post("reset")
    s3_process.post("reset-auth", b"1000000000")
    s3_process.client().create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": KEYS["AWS_REGION"]}
    )
    yield s3_process
    s3_process.post("reset-auth", b"1000000000")


@pytest.fixture
def keep_files_at(settings, monkeypatch):
    """Point the storage of this process at an address, as MLGOV_STORAGE_URL does."""

    def point(url: str) -> str:
        monkeypatch.setenv("MLGOV_STORAGE_URL", url)
        settings.STORAGES = settings.STORAGES | {"default": environment.storage()}
        return url

    return point


@pytest.fixture
def bucket(s3, keep_files_at):
    """Files are kept in a bucket; returns its server. The prefix is new in each test."""
    s3.url = keep_files_at(f"s3://{BUCKET}/{uuid.uuid4().hex[:8]}")
    return s3
