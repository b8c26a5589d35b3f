"""What an upload is in. The row goes when it is over and its bytes are cleared away: the audit log has what happened."""

from django.db.models import TextChoices


class UploadState(TextChoices):
    OPEN = "open", "Open"
    COMPLETE = "complete", "Complete"
    ENDED = "ended", "Ended"
