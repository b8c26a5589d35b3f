"""What happens to evidence packs and verifications."""

from apps.audit.events import EventType

EVENTS = [
    EventType("assurance.pack_requested", "asked for the {object}", icon="package"),
    EventType("assurance.pack_made", "made the {object} (SHA-256 {blob})", icon="package-check"),
    EventType(
        "assurance.log_verified",
        "verified the audit log to record {size}: {findings} findings",
        icon="shield-check",
    ),
]
