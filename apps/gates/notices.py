"""What the gates have to tell people."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType("gates.signature_asked", "Signature asked", "{actor} asks for your signature on {object}."),
    NoticeType(
        "gates.seat_asked", "Signature asked of you", "{actor} asks you by name to sign {object}: {reason}"
    ),
    NoticeType("gates.request_decided", "Request decided", "{object} is {state}."),
    NoticeType(
        "gates.request_stale",
        "Request opened anew",
        "The evidence or policy behind {object} changed, so the request was opened anew without signatures.",
    ),
    NoticeType("gates.request_expired", "Request expired", "{object} was not decided in time and expired."),
    NoticeType("gates.commented", "Comment on a request", "{actor} wrote about {object}: {text}"),
    NoticeType(
        "gates.reminded", "Signature still missing", "{object} has waited {days} days for your signature."
    ),
    NoticeType(
        "gates.escalated",
        "Request waits too long",
        "{object} has waited {days} days for: {missing}.",
        Urgency.URGENT,
    ),
    NoticeType(
        "gates.delegated", "You sign for somebody", "{actor} lets you sign as {role} until {until}: {reason}"
    ),
    NoticeType("gates.delegation_ended", "Delegation ended", "{actor} ended the delegation: {object}."),
    NoticeType("gates.review_open", "Re-review is open", "The {object} is open; it is due on {due}."),
    NoticeType(
        "gates.review_overdue", "Re-review is overdue", "The {object} was due on {due}.", Urgency.URGENT
    ),
    NoticeType("gates.review_finding", "Re-review has a finding", "{actor} found at the {object}: {finding}"),
]
