"""``manage.py check`` says what is wrong with storage, signing and rates before somebody waits for it."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, InvalidStorageError, storages

from apps.core.budgets import budget_of
from apps.core.pdf import certificates
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


@register("signing")
def check_signing(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return an error where the named certificate cannot sign, and a warning where it soon will not."""
    try:
        signer = certificates.load()
    except certificates.CannotSign as error:
        hint = "Without MLGOV_PDF_SIGNING_CERTIFICATE, PDFs are made without a signature."
        return [Error(error.sentence, hint=hint, id="core.E004")]
    if signer is not None and certificates.ends_soon(signer):
        ends = signer.certificate.not_valid_after_utc
        sentence = f"The certificate of MLGOV_PDF_SIGNING_CERTIFICATE ends on {ends:%d %B %Y}. Renew it."
        return [Warning(sentence, id="core.W001")]
    return []


@register("budgets")
def check_budgets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return an error for each rate of the interface that cannot be read."""
    found: list[CheckMessage] = []
    for name in settings.API_RATES:
        try:
            budget_of(name)
        except ImproperlyConfigured as error:
            found.append(
                Error(str(error), hint="MLGOV_API_RATE and MLGOV_EXCHANGE_RATE set them.", id="core.E005")
            )
    return found
