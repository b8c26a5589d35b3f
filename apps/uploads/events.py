"""What happens to uploads in parts; the single parts are no events."""

from apps.audit.events import EventType

EVENTS = [
    EventType("uploads.begun", "began to upload {object} ({size_bytes} bytes)", icon="upload"),
    EventType("uploads.completed", "uploaded {object} ({size_bytes} bytes)", icon="file-up"),
    EventType(
        "uploads.given_up", "gave up the upload of {object} after {offset} bytes", icon="x", tone="warn"
    ),
    EventType(
        "uploads.refused", "uploaded another file than {object}: it was {found}", icon="file-x", tone="bad"
    ),
    EventType("uploads.expired", "dropped the upload of {object} after {offset} bytes", icon="clock"),
]
