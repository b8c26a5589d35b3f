"""What stands in the way of an upload."""

from django.conf import settings
from django.db.models import Sum

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, not_now
from apps.projects.models import Project
from apps.uploads.enums import UploadState
from apps.uploads.models import Upload


def can_begin(user: User, project: Project, *, size_bytes: int) -> Decision:
    """Decide whether there is room for one more upload: of this principal, and in the project."""
    own = Upload.objects.living().filter(owner=user, state=UploadState.OPEN).count()
    if own >= settings.MAX_OPEN_UPLOADS:
        return not_now(
            f"You have {own} uploads that are not complete; the limit is {settings.MAX_OPEN_UPLOADS}. "
            "Go on with one of them or give it up (GET /uploads lists them).",
            code="too_many_uploads",
        )
    # What is over still lies there until it is cleared away; what is complete lies with the other files.
    on_their_way = Upload.objects.filter(project=project).exclude(state=UploadState.COMPLETE)
    there = on_their_way.aggregate(sum=Sum("size_bytes"))["sum"] or 0
    if there + size_bytes > settings.MAX_PROJECT_UPLOAD_BYTES:
        return not_now(
            f"Uploads of {there:,} bytes are on their way in this project; with this one they would pass the limit of "
            f"{settings.MAX_PROJECT_UPLOAD_BYTES:,}. Wait until others are complete or a day old, or give one up.",
            code="project_uploads_full",
        )
    return ALLOWED


def can_write(upload: Upload) -> Decision:
    """Decide whether something may be written to a locked upload now."""
    if upload.state == UploadState.COMPLETE:
        return not_now(
            "This upload is complete; nothing can be added to it. Use its id.", code="completed_upload"
        )
    if Upload.objects.held().filter(pk=upload.pk).exists():
        return not_now(
            "Another request writes to this upload. Send one after the other; ask for the offset when it is done.",
            code="upload_busy",
        )
    return ALLOWED
