"""Content-addressed files: stored under their SHA-256, outside any served folder, never executed or unpickled."""

import hashlib
import hmac
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.core.files import File
from django.core.files.storage import default_storage
from django.http import FileResponse

from apps.core.canonical import digest_field
from apps.core.errors import Invalid, MlgovError
from apps.core.models import Blob
from apps.core.outages import outage_of

CHUNK_BYTES = 1024 * 1024


class Readable(Protocol):
    """Anything with ``read(n)``."""

    def read(self, size: int = ..., /) -> bytes: ...


#: What a service is given to keep: something to read, or the row of what is kept already.
Content = Readable | Blob


class TooLarge(Invalid):
    """The file is over the limit (413)."""

    status = 413


class AnotherContent(MlgovError):
    """What was read does not have the digest that it should have (400); ``found`` is the one that it has."""

    def __init__(self, found: str) -> None:
        super().__init__(
            "The whole file does not have the SHA-256 that was told, and nothing was kept. Send it again from its beginning.",
            code="digest_mismatch",
            found=found,
        )
        self.found = found


def kept(content: Content, *, max_bytes: int, media_type: str = "application/octet-stream") -> Blob:
    """Return the row of a content: as it is where it is kept already, else kept now; raises as ``store``."""
    if isinstance(content, Blob):
        return content
    return store(content, max_bytes=max_bytes, media_type=media_type)


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


def store_as(digest: str, chunks: Iterable[bytes], *, media_type: str = "application/octet-stream") -> Blob:
    """Copy ``chunks`` into the store under their ``digest`` without a spool, and return the row.

    They are read to their end also where the content is there already: who names a digest must have the content.
    Raises AnotherContent where they have another digest, StorageFailed and DiskFull as ``store``; nothing is kept then.
    """
    checked = _Checked(chunks, digest)
    stream = io.BufferedReader(checked, buffer_size=CHUNK_BYTES)
    try:
        if default_storage.exists(key_of(digest)):
            while stream.read(CHUNK_BYTES):
                pass
        else:
            default_storage.save(key_of(digest), File(stream))
    except OSError as error:
        full = outage_of(error)
        raise (full or error) from error
    finally:
        stream.close()
    blob, _ = Blob.objects.get_or_create(
        digest=digest, defaults={"size_bytes": checked.size, "media_type": media_type}
    )
    return blob


class _Checked(io.RawIOBase):
    """Reads chunks one after another; in place of their end it raises AnotherContent where the digest is another.

    A storage gives a name to a file only when it has read the end, so that nothing of a wrong one is ever there.
    """

    def __init__(self, chunks: Iterable[bytes], digest: str) -> None:
        super().__init__()
        self._chunks, self._digest = iter(chunks), digest
        self._sha, self._rest, self.size = hashlib.sha256(), memoryview(b""), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._demand()
                return 0
            self._sha.update(chunk)
            self.size += len(chunk)
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _demand(self) -> None:
        found = self._sha.hexdigest()
        if not hmac.compare_digest(found, self._digest):
            raise AnotherContent(found)


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
