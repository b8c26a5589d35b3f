"""Content-addressed files: stored under their SHA-256, outside any served folder, never executed or unpickled."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from django.core.files import File
from django.core.files.storage import default_storage
from django.http import FileResponse

from apps.core.canonical import digest_field
from apps.core.errors import Invalid
from apps.core.models import Blob
from apps.core.outages import outage_of

CHUNK_BYTES = 1024 * 1024


class Readable(Protocol):
    """Anything with ``read(n)``."""

    def read(self, size: int = ..., /) -> bytes: ...


class TooLarge(Invalid):
    """The file is over the limit (413)."""

    status = 413


def store(stream: Readable, *, max_bytes: int, media_type: str = "application/octet-stream") -> Blob:
    """Copy ``stream`` into the store and return its row; the same content is kept once.

    Raises TooLarge as soon as ``max_bytes`` is passed, StorageFailed where the store cannot be used, DiskFull where
    there is no room; nothing is kept then.
    """
    try:
        name, size = _keep(stream, max_bytes)
    except OSError as error:
        full = outage_of(error)
        raise (full or error) from error
    blob, _ = Blob.objects.get_or_create(digest=name, defaults={"size_bytes": size, "media_type": media_type})
    return blob


def _keep(stream: Readable, max_bytes: int) -> tuple[str, int]:
    """Copy into the store and return digest and size in bytes. The spool may need as much room as the store."""
    with tempfile.TemporaryFile() as spool:
        sha = hashlib.sha256()
        size = 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise TooLarge(
                    f"The file is larger than the limit of {max_bytes:,} bytes. Send a smaller file.",
                    code="too_large",
                    max_bytes=max_bytes,
                )
            sha.update(chunk)
            spool.write(chunk)
        name = sha.hexdigest()
        if not default_storage.exists(key_of(name)):
            spool.seek(0)
            default_storage.save(key_of(name), File(spool))
    return name, size


def key_of(digest: str) -> str:
    """Return the storage key of a digest."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def open_blob(digest: str) -> BinaryIO:
    """Open a stored file for reading. Raises StorageFailed where the store cannot be used."""
    return default_storage.open(key_of(digest), "rb")  # type: ignore[return-value]


def download(digest: str, *, name: str, media_type: str = "application/octet-stream") -> FileResponse:
    """Return the answer that sends a stored file as an attachment, with its digest (RFC 9530); raises as open_blob."""
    return FileResponse(
        open_blob(digest),
        as_attachment=True,
        filename=name,
        content_type=media_type,
        headers={"Repr-Digest": digest_field(digest)},
    )


@contextmanager
def local_copy(digest: str) -> Iterator[Path]:
    """Give a path that a child process can read: the file itself on a local storage, else a temporary copy."""
    try:
        own: Path | None = Path(default_storage.path(key_of(digest)))
    except NotImplementedError:
        own = None
    if own is not None:
        yield own
        return
    with tempfile.NamedTemporaryFile() as copy, open_blob(digest) as source:
        while chunk := source.read(CHUNK_BYTES):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)
