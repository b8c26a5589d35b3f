"""What every place for files has in common: how it says that it cannot be used."""

import os
from pathlib import Path
from typing import Any, NoReturn

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

from apps.core.errors import MlgovError
from apps.core.ids import new_id


class StorageFailed(MlgovError):
    """The place where files are kept does not answer, or refuses (503)."""

    status = 503


class Unusable(Storage):
    """Stands for a storage whose address cannot be read: keeps nothing, and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def _refuse(self) -> NoReturn:
        raise StorageFailed(f"Files cannot be kept: {self.reason}", code="storage_misconfigured")

    def _open(self, name: str, mode: str = "rb") -> NoReturn:
        self._refuse()

    def _save(self, name: str, content: "File[Any]") -> NoReturn:
        self._refuse()

    def exists(self, name: str) -> NoReturn:
        self._refuse()

    def delete(self, name: str) -> NoReturn:
        self._refuse()

    def listdir(self, path: str) -> NoReturn:
        self._refuse()


class LocalStorage(FileSystemStorage):
    """A folder of this machine in which a name, the digest of a content, is there whole or not at all.

    Django's own writes under the final name: a full disk or a killed process would leave half a file there, which
    the next upload of the same content would take for the whole. What a killed process leaves ends in ``.part``.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name itself: who writes it at the same time writes the same content."""
        return name

    def _save(self, name: str, content: "File[Any]") -> str:
        final = Path(self.path(name))
        part = final.with_name(f"{final.name}.{new_id().hex}.part")
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            part.replace(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return name
