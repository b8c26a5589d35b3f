"""What every place for files has in common: how it says that it cannot be used."""

from typing import Any, NoReturn

from django.core.files.base import File
from django.core.files.storage import Storage

from apps.core.errors import MlgovError


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
