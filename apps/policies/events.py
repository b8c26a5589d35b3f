"""What happens to policies."""

from apps.audit.events import EventType

EVENTS = [
    EventType("policies.revision_published", "published {object}", icon="scroll-text"),
    EventType("policies.draft_started", "began the policy draft {object} ({origin})", icon="file-pen"),
    EventType("policies.draft_changed", "changed the policy draft {object}", icon="file-pen"),
    EventType("policies.draft_proposed", "proposed the policy draft {object}: {reason}", icon="scroll-text"),
    EventType(
        "policies.draft_sent_back",
        "sent the policy draft {object} back: {reason}",
        icon="undo-2",
        tone="warn",
    ),
    EventType("policies.draft_withdrawn", "withdrew the policy draft {object}", icon="undo-2"),
    EventType("policies.draft_published", "published the draft {object} as {revision}", icon="scroll-text"),
    EventType(
        "policies.act_refused",
        "was refused to publish a draft of {object}: {reason}",
        icon="ban",
        tone="warn",
    ),
]
