"""Files in S3-compatible storage. Imported only where MLGOV_STORAGE_URL names a bucket: boto3 takes half a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from apps.core.storages import StorageFailed

#: Seconds, and tries: a page must not wait for minutes on a store that is gone.
_PATIENCE = {
    "connect_timeout": 5,
    "read_timeout": 30,
    "retries": {"mode": "standard", "total_max_attempts": 3},
}
#: A file that is read stays in memory up to this size, and is on the disk above it.
_MEMORY_BYTES = 8 * 1024 * 1024
#: As many parts as S3 makes one object of; the size of a stream is not known before its end.
_MOST_PARTS = 10_000
_REFUSALS = {
    "NoSuchBucket": "there is no such bucket. Make it, or correct MLGOV_STORAGE_URL",
    "InvalidAccessKeyId": "it does not know the access key. Correct AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret key does not fit. Correct AWS_SECRET_ACCESS_KEY",
    "AccessDenied": "the credentials have no right to it. They need to read and write objects of the bucket",
    "403": "the credentials are wrong or have no right to it. They need to read and write objects of the bucket",
    "404": "there is no such bucket. Make it, or correct MLGOV_STORAGE_URL",
}


class ObjectStorage(S3Storage):
    """django-storages' S3 with patience that ends, memory that is bounded, and errors that are sentences.

    S3 shows an object whole or not at all: an upload that breaks off leaves nothing behind that can be read.
    """

    def __init__(self, **options: Any) -> None:
        address = Config(s3={"addressing_style": options["addressing_style"]}, **_PATIENCE)
        self._options = {"client_config": address, "max_memory_size": _MEMORY_BYTES} | options
        super().__init__(**self._options)

    @cached_property
    def _in_this_thread(self) -> S3Storage:
        """The same bucket, sent to without threads.

        What is made while it is read may ask the database, and a connection of another thread is in no transaction of
        this one, and nobody closes it.
        """
        part = max(_MEMORY_BYTES, settings.MAX_RESUMABLE_BYTES // (_MOST_PARTS - 1))
        return S3Storage(
            **self._options, transfer_config=TransferConfig(use_threads=False, multipart_chunksize=part)
        )

    def _open(self, name: str, mode: str = "rb") -> Any:
        with self._told():
            found = super()._open(name, mode)
            # Fetched here and not at the first read, so that what goes wrong is told here.
            _ = found.file
            return found

    def _save(self, name: str, content: "File[Any]") -> str:
        with self._told():
            # A file can be read from its beginning again; a stream is made while it is read.
            save = super()._save if content.seekable() else self._in_this_thread._save
            return str(save(name, content))

    def exists(self, name: str) -> bool:
        """Return whether the object is there."""
        with self._told():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Remove the object; one that is not there is no fault."""
        with self._told():
            super().delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of folders and of objects right under a path."""
        with self._told():
            folders, files = super().listdir(path)
            return list(folders), list(files)

    def demand_reachable(self) -> None:
        """Raise StorageFailed unless the bucket is there and lets us look at it."""
        with self._told():
            self.connection.meta.client.list_objects_v2(
                Bucket=self.bucket_name, Prefix=self.location, MaxKeys=1
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise StorageFailed(
                f"A file is missing in the file store s3://{self.bucket_name} ({error}). Restore it from a backup.",
                code="storage_file_missing",
            ) from error
        except (BotoCoreError, ClientError, Boto3Error) as error:
            # A transfer wraps the answer of the store in an error of its own.
            cause = error.__context__ if isinstance(error, Boto3Error) and error.__context__ else error
            raise StorageFailed(
                f"The file store s3://{self.bucket_name} cannot be used: {_reason(cause)}. Nothing was kept.",
                code="storage_unavailable",
            ) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        return _REFUSALS.get(code, f"it answers with the error {code or 'without a name'}")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, ConnectionError | HTTPClientError):
        return "it does not answer. Check the network and AWS_ENDPOINT_URL_S3, then try again"
    return f"its client says “{str(error)[:160]}”. Check the AWS variables"
