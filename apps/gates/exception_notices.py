"""What people are told about exceptions."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType("gates.waiver_asked", "A waiver is asked for", "{actor} asks for a {object}."),
    NoticeType("gates.waiver_granted", "A waiver was granted", "{actor} granted a {object}, until {until}."),
    NoticeType("gates.waiver_closed", "A waiver was closed", "The {object} is {state}: {reason}"),
    NoticeType("gates.waiver_ends_soon", "A waiver ends soon", "The {object} ends on {until}."),
    NoticeType("gates.waiver_ended", "A waiver has ended", "The {object} has ended.", Urgency.URGENT),
    NoticeType(
        "gates.rolled_back",
        "A version was rolled back",
        "{version} was rolled back; {restored} is in production again. {reason} The postmortem is due on {due}.",
        Urgency.URGENT,
    ),
    NoticeType(
        "gates.rollback_impossible",
        "A version should be rolled back and cannot be",
        "{version} should be rolled back. {reason} But: {because}",
        Urgency.URGENT,
    ),
    NoticeType(
        "gates.suspended", "A version was suspended", "{version} left production: {reason}", Urgency.URGENT
    ),
    NoticeType(
        "gates.broke_glass",
        "A version was promoted past its gate",
        "{actor} broke the glass: {version} is in {stage} without its gate. {reason} The postmortem is due on {due}.",
        Urgency.URGENT,
    ),
    NoticeType(
        "gates.postmortem_closed", "A postmortem was closed", "{actor} closed the {object}: {outcome}"
    ),
    NoticeType(
        "gates.postmortem_overdue",
        "A postmortem is overdue",
        "The {object} was due on {due}.",
        Urgency.URGENT,
    ),
]
