"""Files in S3-compatible storage, against a server that speaks S3."""

import io
import subprocess
import sys

import pytest
from django.core import checks
from django.core.files.storage import default_storage

from apps.core import blobs
from apps.core.models import Blob
from apps.core.storages import StorageFailed
from apps.evaluations import services as evaluations
from apps.evaluations.models import Evaluation, PredictionSet
from apps.jobs import running
from apps.jobs.models import Job
from mlgov import environment
from tests.cast import COLUMNS, predictions_csv
from tests.s3 import BUCKET

pytestmark = pytest.mark.django_db


def sentence_of(act, *arguments, **more) -> str:
    with pytest.raises(StorageFailed) as caught:
        act(*arguments, **more)
    assert caught.value.status == 503
    return caught.value.sentence


def test_what_is_stored_comes_back_and_is_kept_once(bucket):
    content = bytes(range(256)) * 50_000
    first, second = (blobs.store(io.BytesIO(content), max_bytes=len(content)) for _ in range(2))
    assert first == second
    prefix = bucket.url.rpartition("/")[2]
    assert bucket.keys() == [f"{prefix}/{blobs.key_of(first.digest)}"]
    with blobs.open_blob(first.digest) as file:
        assert file.read() == content
    with blobs.local_copy(first.digest) as path:
        assert path.read_bytes() == content
    assert not path.exists()


def test_an_error_in_the_middle_of_a_local_copy_is_the_caller_s_own(bucket):
    kept = blobs.store(io.BytesIO(b"some"), max_bytes=10)
    with pytest.raises(NotImplementedError, match="of the caller"), blobs.local_copy(kept.digest):
        raise NotImplementedError("of the caller")


def test_a_file_over_the_limit_leaves_nothing(bucket):
    with pytest.raises(blobs.TooLarge):
        blobs.store(io.BytesIO(bytes(11)), max_bytes=10)
    assert bucket.keys() == []


def test_an_evaluation_over_s3(bucket, version, dev):
    stream = io.BytesIO(predictions_csv(rows=600))
    kept = evaluations.upload_predictions(version, stream=stream, columns=COLUMNS, dataset="holdout", by=dev)
    evaluation = evaluations.request_evaluation(kept, by=dev)
    running.run(evaluation.job_id, worker="here")
    evaluation.refresh_from_db()
    assert evaluation.state == "complete"
    assert evaluation.report["rows"] == 600


def test_a_bucket_that_goes_away_ends_the_evaluation_with_its_sentence(bucket, version, dev):
    stream = io.BytesIO(predictions_csv(rows=600))
    kept = evaluations.upload_predictions(version, stream=stream, columns=COLUMNS, dataset="holdout", by=dev)
    evaluation = evaluations.request_evaluation(kept, by=dev)
    bucket.post("reset")
    running.run(evaluation.job_id, worker="here")
    evaluation.refresh_from_db()
    assert evaluation.state == "failed"
    assert f"s3://{BUCKET}" in evaluation.error
    assert evaluation.report is None
    assert Job.objects.get(pk=evaluation.job_id).state == "failed"


def wrong_credentials(s3, keep_files_at, monkeypatch):
    s3.demand_credentials()
    keep_files_at(f"s3://{BUCKET}/x")


def no_credentials(s3, keep_files_at, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    keep_files_at(f"s3://{BUCKET}/x")


def no_bucket(s3, keep_files_at, monkeypatch):
    keep_files_at("s3://another-bucket")


def nobody_there(s3, keep_files_at, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    keep_files_at(f"s3://{BUCKET}/x")


def no_s3_at_all(s3, keep_files_at, monkeypatch):
    keep_files_at("https://example.org/files")


FAULTS = [
    (wrong_credentials, "the credentials are wrong", "core.E003"),
    (no_credentials, "there are no credentials", "core.E003"),
    (no_bucket, "there is no such bucket", "core.E003"),
    (nobody_there, "it does not answer", "core.E003"),
    (no_s3_at_all, "not with s3://", "core.E001"),
]


@pytest.mark.parametrize(("fault", "words", "code"), FAULTS)
def test_a_store_that_cannot_be_used_is_a_sentence_and_leaves_nothing(
    s3, keep_files_at, monkeypatch, version, dev, client, fault, words, code
):
    rows = {model: model.objects.count() for model in (Blob, PredictionSet, Evaluation)}
    fault(s3, keep_files_at, monkeypatch)
    stream = io.BytesIO(predictions_csv(rows=60))
    upload = evaluations.upload_predictions
    sentence = sentence_of(upload, version, stream=stream, columns=COLUMNS, dataset="holdout", by=dev)
    assert words in sentence
    assert "not-so-secret" not in sentence
    assert {model: model.objects.count() for model in rows} == rows
    assert [one.id for one in checks.run_checks(tags=["storage"])] == [code]


def test_the_check_is_content_with_a_bucket_and_with_a_folder(bucket, settings):
    assert checks.run_checks(tags=["storage"]) == []
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    }
    assert checks.run_checks(tags=["storage"]) == []


def test_a_missing_file_is_a_sentence(bucket):
    assert "is missing" in sentence_of(blobs.open_blob, "ab" * 32)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("bucket", "not with s3://"),
        ("s3://", "names no bucket"),
        ("s3://bucket:80/x", "names no bucket"),
        ("s3://me:secret@bucket/x", "holds credentials"),
        ("s3://bucket?region=x", "only addressing="),
        ("s3://bucket?addressing=none", "only addressing="),
    ],
)
def test_an_address_that_cannot_be_read_says_what_to_write(url, words):
    with pytest.raises(environment.StorageInvalid, match=words) as caught:
        environment.bucket_of(url)
    assert "secret@" not in str(caught.value)


def test_stores_of_one_s_own_are_addressed_by_path(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    assert environment.bucket_of("s3://bucket/a/b/")["addressing_style"] == "auto"
    assert environment.bucket_of("s3://bucket/a/b/")["location"] == "a/b"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://minio:9000")
    assert environment.bucket_of("s3://bucket")["addressing_style"] == "path"
    assert environment.bucket_of("s3://bucket?addressing=virtual")["addressing_style"] == "virtual"


def test_boto3_is_loaded_only_where_it_is_used():
    code = (
        "import django; django.setup(); from django.core.files.storage import default_storage;"
        "default_storage.exists('x'); import sys; print('boto3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_storage_that_is_misconfigured_keeps_nothing_on_this_disk(keep_files_at, tmp_path):
    keep_files_at("s4://bucket")
    assert "not with s3://" in sentence_of(default_storage.save, "name", io.BytesIO(b"x"))
