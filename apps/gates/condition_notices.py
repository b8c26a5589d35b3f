"""What people are told about conditional approvals."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType(
        "gates.condition_broken",
        "A condition of an approval is broken",
        "{version} was approved on a condition that does not hold: {says}. {reason}",
        Urgency.URGENT,
    ),
    NoticeType(
        "gates.condition_holds",
        "A broken condition holds again",
        "A condition of {version} holds again: {says}. {reason}",
    ),
    NoticeType(
        "gates.obligation_in_force",
        "You owe something for an approval",
        "You owe the {object}, due on {due}.",
    ),
    NoticeType("gates.obligation_due", "An obligation is due soon", "The {object} is due on {due}."),
    NoticeType(
        "gates.obligation_overdue",
        "An obligation is overdue",
        "The {object} was due on {due}.",
        Urgency.URGENT,
    ),
    NoticeType(
        "gates.obligation_fulfilled",
        "An obligation waits for confirmation",
        "{actor} says that the {object} is fulfilled: {note}",
    ),
    NoticeType("gates.obligation_confirmed", "An obligation is confirmed", "{actor} confirmed the {object}."),
    NoticeType(
        "gates.obligation_sent_back",
        "An obligation was sent back",
        "{actor} sent the {object} back: {answer}",
    ),
]
