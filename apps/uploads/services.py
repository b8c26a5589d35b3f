"""What is done with uploads: begin, append, give up. A file is joined and checked with its last byte."""

from collections.abc import Callable
from datetime import timedelta
from typing import IO
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now
from django.http import Http404

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs
from apps.core.db import service
from apps.core.errors import MlgovError, Refused
from apps.core.models import Blob
from apps.projects.locking import locked
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.uploads import parts
from apps.uploads.enums import UploadState
from apps.uploads.models import Part, Upload
from apps.uploads.permissions import can_begin, can_write

#: How long an upload stays after its last byte came, or after it was completed.
KEPT = timedelta(hours=24)
#: How long a writer that says nothing is believed to live.
HELD = timedelta(seconds=90)
#: Bytes of one request: as large as a disk takes in one breath, and small enough to send again.
MOST_PART_BYTES = 64 * 1024 * 1024
#: Parts of an upload: each is a row and a file, and joining them opens them all.
MOST_PARTS = 10_000


class OffsetConflict(Refused):
    """The bytes do not follow those that are here (409); ``offset`` is the right one."""

    def __init__(self, *, expected: int, provided: int) -> None:
        super().__init__(
            f"The upload is at byte {expected:,}, not at {provided:,}. Go on from there.",
            code="mismatching_upload_offset",
            **{"expected-offset": expected, "provided-offset": provided},
        )
        self.offset = expected


class WrongLength(MlgovError):
    """More bytes than were told, or an end that is none (400)."""


class TooManyParts(Refused):
    """The parts are too small for the file (409)."""


@service
def begin(project: Project, *, size_bytes: int, sha256: str, by: User) -> Upload:
    """Begin to upload a file whose size and SHA-256 are known. Raises TooLarge, and Refused where there is no room."""
    can(by, Right.CONTRIBUTE, project).enforce()
    if size_bytes > settings.MAX_RESUMABLE_BYTES:
        raise blobs.TooLarge(
            f"The file is larger than the limit of {settings.MAX_RESUMABLE_BYTES:,} bytes. Send a smaller file.",
            code="too_large",
            max_bytes=settings.MAX_RESUMABLE_BYTES,
        )
    # Two that begin at once must not both find the last room: of this principal, and in this project.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    locked(project)
    can_begin(by, project, size_bytes=size_bytes).enforce()
    upload = Upload.objects.create(
        project=project, owner=by, size_bytes=size_bytes, sha256=sha256.lower(), expires_at=Now() + KEPT
    )
    audit.record("uploads.begun", upload, by=by, project_id=project.pk, size_bytes=size_bytes)
    upload.refresh_from_db()
    return upload


def append(
    upload: Upload, *, offset: int, part: IO[bytes], size_bytes: int, by: User, is_last: bool | None = None
) -> Upload:
    """Add the bytes of ``part`` at ``offset``; with the last byte the file is joined, checked and kept.

    ``is_last`` is what the sender believes. Raises OffsetConflict, Refused where somebody else writes, WrongLength, and
    AnotherContent where the whole is another file than was told, which ends the upload. Not one transaction on purpose:
    bytes are written without a lock. Nothing at the end of a complete but unchecked upload is a way to check it again.
    """
    can(by, Right.CONTRIBUTE, upload.project).enforce()
    if size_bytes > MOST_PART_BYTES:
        raise blobs.TooLarge(
            f"These are more than {MOST_PART_BYTES:,} bytes in one request. Send smaller parts.",
            code="too_large",
            max_bytes=MOST_PART_BYTES,
        )
    held = _hold(upload.pk, offset=offset, size_bytes=size_bytes, is_last=is_last)
    try:
        if size_bytes:
            held = _write(held, part, size_bytes)
        return _finish(held, by=by) if held.offset == held.size_bytes else held
    finally:
        Upload.objects.filter(pk=held.pk, fence=held.fence).update(held_until=None)


@service
def _hold(pk: UUID, *, offset: int, size_bytes: int, is_last: bool | None) -> Upload:
    """Take the upload for one writer. Its checks come in the order of what a sender can do about them."""
    current = _locked(pk)
    can_write(current).enforce()
    if size_bytes and current.parts.count() >= MOST_PARTS:
        raise TooManyParts(
            f"The upload has {MOST_PARTS:,} parts, which are the most. Give it up, and send larger ones.",
            code="too_many_parts",
        )
    if offset != current.offset:
        raise OffsetConflict(expected=current.offset, provided=offset)
    after = offset + size_bytes
    if after > current.size_bytes or (is_last is not None and is_last != (after == current.size_bytes)):
        raise WrongLength(
            f"The file has {current.size_bytes:,} bytes by what was told, and these end at {after:,}. "
            "Send what is left of it, or give the upload up and begin anew.",
            code="inconsistent_upload_length",
        )
    return _change(current, fence=current.fence + 1, held_until=Now() + HELD)


def _write(held: Upload, part: IO[bytes], size_bytes: int) -> Upload:
    key = parts.key_of(held.pk, offset=held.offset, fence=held.fence)
    # What is kept and not noted lies in the folder of the upload, and goes with it.
    parts.keep(key, part)
    return _note(held, key, size_bytes)


@service
def _note(held: Upload, key: str, size_bytes: int) -> Upload:
    current = _own(held)
    Part.objects.create(upload=current, offset=current.offset, size_bytes=size_bytes, key=key)
    return _change(current, offset=current.offset + size_bytes, expires_at=Now() + KEPT)


def _finish(held: Upload, *, by: User) -> Upload:
    """Join the parts by streaming. What broke off before its end is begun again by whoever appends nothing."""
    chunks = parts.read(held.parts.order_by("offset"), breathe=_breathing(held))
    try:
        blob = blobs.store_as(held.sha256, chunks)
    except blobs.AnotherContent as error:
        _end(held, event="uploads.refused", by=by, found=error.found)
        clear(held)
        raise
    done = _complete(held, blob, by=by)
    parts.clear(done.pk)
    return done


def _breathing(held: Upload) -> Callable[[], None]:
    """Return what a writer calls while it is at work, so that nobody believes it dead."""

    def breathe() -> None:
        if not Upload.objects.filter(pk=held.pk, fence=held.fence).update(held_until=Now() + HELD):
            raise _taken_over()

    return breathe


@service
def _complete(held: Upload, blob: Blob, *, by: User) -> Upload:
    current = _own(held)
    done = _change(current, state=UploadState.COMPLETE, blob=blob, expires_at=Now() + KEPT)
    audit.record(
        "uploads.completed",
        done,
        by=by,
        project_id=done.project_id,
        digest=blob.digest,
        size_bytes=done.size_bytes,
    )
    return done


def give_up(upload: Upload, *, by: User) -> None:
    """End an upload, also in the middle of a write, and remove its bytes; what was made of it stays."""
    _end(upload, event="uploads.given_up", by=by)
    # Under the hands of a writer they are left to the clean-up: it would meet a fault instead of the end.
    if not Upload.objects.held().filter(pk=upload.pk).exists():
        clear(upload)


@service
def _end(upload: Upload, *, event: str, by: User | None, **data: str) -> None:
    current = _locked(upload.pk)
    # A writer that is at work finds its fence gone.
    ended = _change(current, state=UploadState.ENDED, fence=current.fence + 1)
    audit.record(event, ended, by=by, project_id=ended.project_id, offset=ended.offset, **data)


def expire(upload: Upload) -> bool:
    """End an upload whose time is over, unless somebody went on with it meanwhile; returns whether all of it is gone."""
    return _end_in_time(upload) and clear(upload)


@service
def _end_in_time(upload: Upload) -> bool:
    current = Upload.objects.select_for_update(of=("self",)).filter(pk=upload.pk).first()
    row = Upload.objects.filter(pk=upload.pk)
    if current is None or row.living().exists() or row.held().exists():
        return False
    if current.state == UploadState.OPEN:
        _end(upload, event="uploads.expired", by=None)
    return True


def clear(upload: Upload) -> bool:
    """Remove the bytes of an upload that is over and then its row; returns whether both are gone."""
    if not parts.clear(upload.pk):
        return False
    Upload.objects.filter(pk=upload.pk).delete()
    return True


def _locked(pk: UUID) -> Upload:
    """Return the upload under a lock; raises Http404 where somebody ended it meanwhile."""
    rows = Upload.objects.select_for_update(of=("self",)).exclude(state=UploadState.ENDED)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _own(held: Upload) -> Upload:
    current = _locked(held.pk)
    if current.fence != held.fence:
        raise _taken_over()
    return current


def _taken_over() -> Refused:
    return Refused(
        "This took so long that another request went on with the upload. Ask for the offset, and go on from there.",
        code="upload_busy",
    )


def _change(upload: Upload, **fields: object) -> Upload:
    Upload.objects.filter(pk=upload.pk).update(**fields)
    upload.refresh_from_db()
    return upload
