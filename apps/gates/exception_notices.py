"""What people are told about exceptions."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType("gates.waiver_asked", "A waiver is asked for", "{actor} asks for a {object}."),
    NoticeType("gates.waiver_granted", "A waiver was granted", "{actor} granted a {object}, until {until}."),
    NoticeType("gates.waiver_closed", "A waiver was closed", "The {object} is {state}: {reason}"),
    NoticeType("gates.waiver_ends_soon", "A waiver ends soon", "The {object} ends on {until}."),
    NoticeType("gates.waiver_ended", "A waiver has ended", "The {object} has ended.", Urgency.URGENT),
]
