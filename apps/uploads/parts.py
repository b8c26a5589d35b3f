"""The bytes of uploads that are on their way, each part a file of the storage of its own.

A part is there whole or not at all, on a folder and in a bucket alike, and all parts of an upload lie in one folder, so
that whatever a killed process leaves is found by name.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage

from apps.core.blobs import CHUNK_BYTES
from apps.core.outages import outage_of
from apps.core.storages import StorageFailed
from apps.uploads.models import Part

logger = logging.getLogger(__name__)
#: Blobs lie in folders of two hexadecimal digits, so this is none of theirs.
FOLDER = "uploads"
_NAME = re.compile("[0-9a-f]{32}")


def key_of(upload_id: UUID, *, offset: int, fence: int) -> str:
    """Return where a part is kept; of two writers each has a place of its own."""
    return f"{FOLDER}/{upload_id.hex}/{offset:015d}-{fence}"


def keep(key: str, content: IO[bytes]) -> None:
    """Keep a part. Raises StorageFailed where the storage cannot be used, DiskFull where there is no room."""
    content.seek(0)
    try:
        default_storage.save(key, File(content))
    except OSError as error:
        raise (outage_of(error) or error) from error


def read(parts: Iterable[Part], *, breathe: Callable[[], Any]) -> Iterator[bytes]:
    """Yield the content of parts, one after another; ``breathe`` is called before each, and may raise to stop."""
    for part in parts:
        breathe()
        try:
            file = default_storage.open(part.key, "rb")
        except (OSError, StorageFailed):
            # Who took over, or gave the upload up, may have removed it at this moment: that is the better reason.
            breathe()
            raise
        with file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def clear(upload_id: UUID) -> bool:
    """Remove all that is kept of an upload; returns whether nothing is left. What fails is tried again by the clean-up."""
    folder = f"{FOLDER}/{upload_id.hex}"
    try:
        _, files = default_storage.listdir(folder)
        for name in files:
            default_storage.delete(f"{folder}/{name}")
        # A folder of a disk; a bucket has none.
        default_storage.delete(folder)
    except FileNotFoundError:
        return True
    except (OSError, StorageFailed) as error:
        logger.warning("what was uploaded to %s cannot be removed yet: %s", folder, error)
        return False
    return True


def folders() -> list[UUID]:
    """Return the uploads of which something is kept."""
    try:
        names, _ = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    return [UUID(name) for name in names if _NAME.fullmatch(name)]
