"""Base classes of all rows, and the table of content-addressed files."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from apps.core.ids import new_id

DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class DigestField(models.CharField):
    """A SHA-256 as 64 lower-case hexadecimal digits."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs["max_length"] = 64
        kwargs.setdefault("validators", [RegexValidator(DIGEST_PATTERN)])
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


class Row(models.Model):
    """A row with a time-ordered id and the database's own time of creation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class Governed(Row):
    """A row whose every change is numbered and audited.

    ``lock_version`` steps by one with each update; the database refuses any other step, and refuses to commit
    a change without its audit event. Change such rows through ``apps.core.governed.change`` alone.
    """

    lock_version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class Blob(models.Model):
    """A stored file, named by its content."""

    digest = DigestField(primary_key=True)
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digest__regex=DIGEST_PATTERN), name="core_blob_digest_is_sha256"
            ),
            models.CheckConstraint(condition=models.Q(size_bytes__gte=0), name="core_blob_size_not_negative"),
        ]


class SpentBudget(models.Model):
    """What a principal or a place has used of a budget in the window that began ``since`` (apps/core/budgets.py).

    The table is unlogged: after a crash of the database everybody begins anew.
    """

    key = models.CharField(max_length=150, primary_key=True)
    since = models.DateTimeField(db_index=True)
    used = models.PositiveIntegerField()
