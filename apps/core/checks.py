"""``manage.py check`` says what is wrong with the place where files are kept, before the first upload finds out."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.files.storage import FileSystemStorage, InvalidStorageError, storages

from apps.core.storages import StorageFailed, Unusable


@register("storage")
def check_storage(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return an error where the address cannot be read, the package is missing, or the bucket does not answer."""
    try:
        storage = storages["default"]
    except InvalidStorageError:
        hint = "Run make s3, which installs requirements/s3.txt."
        return [Error("MLGOV_STORAGE_URL needs django-storages and boto3.", hint=hint, id="core.E002")]
    if isinstance(storage, FileSystemStorage):
        return []
    if isinstance(storage, Unusable):
        return [Error(storage.reason, id="core.E001")]
    try:
        storage.demand_reachable()  # type: ignore[attr-defined]
    except StorageFailed as error:
        return [Error(error.sentence, id="core.E003")]
    return []
