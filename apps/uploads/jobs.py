"""What comes back by itself: clearing away uploads that are over."""

from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from apps.jobs.running import RunningJob
from apps.uploads import parts, services
from apps.uploads.enums import UploadState
from apps.uploads.models import Upload


def clean_up(job: RunningJob) -> dict[str, Any]:
    """Remove uploads whose time is over, and bytes of which no row is left (settings.PERIODIC_JOBS)."""
    over = Upload.objects.filter(Q(state=UploadState.ENDED) | Q(expires_at__lte=Now()))
    expired = 0
    for upload in over.filter(Q(held_until__isnull=True) | Q(held_until__lte=Now())).order_by("id"):
        job.check()
        expired += services.expire(upload)
    strays = 0
    for upload_id in parts.folders():
        # Rows are committed before their first byte is kept, so a folder without one belongs to nobody.
        in_use = Q(state=UploadState.OPEN) | Q(held_until__gt=Now())
        if not Upload.objects.filter(in_use, pk=upload_id).exists():
            job.check()
            strays += parts.clear(upload_id)
    with job.completing({}) as answer:
        answer |= {"expired": expired, "strays": strays}
    return answer
