"""Read uploads: whoever began one has it, and for all others it does not exist."""

from uuid import UUID

from django.http import Http404

from apps.accounts.models import User
from apps.core.errors import Invalid, not_now
from apps.core.models import Blob
from apps.projects.models import Project
from apps.projects.queries import project_ids_for
from apps.uploads.models import Upload, UploadQuerySet


def uploads_for(user: User) -> UploadQuerySet:
    """Return the user's own uploads that are not over, as long as their project exists for the user."""
    own = Upload.objects.living().filter(owner=user, project__in=project_ids_for(user))
    return own.select_related("project").order_by("-id")


def upload_for(user: User, pk: UUID) -> Upload:
    """Load an upload; raises Http404 for everybody but its owner, and when it is over."""
    found = uploads_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def content_for(user: User, pk: UUID, *, project: Project) -> Blob:
    """Return what an upload brought, to be used in its project.

    Raises Invalid where the user has no such upload for the project, Refused where it is not complete.
    """
    found = uploads_for(user).filter(pk=pk, project=project).select_related("blob").first()
    if found is None:
        raise Invalid(
            "upload is none of yours in this project, or it is over. Begin one with POST /uploads for the project.",
            code="no_upload",
            field="upload",
        )
    if found.blob is None:
        not_now(
            f"The upload is not complete: {found.offset:,} of {found.size_bytes:,} bytes are here. Send the rest first.",
            code="upload_incomplete",
        ).enforce()
    assert found.blob is not None
    return found.blob
