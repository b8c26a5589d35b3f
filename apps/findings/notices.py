"""What findings have to tell people."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType("findings.mistake_found", "Mistake found", "{object}: {remedy}"),
    NoticeType(
        "findings.kill_holds",
        "Kill criterion holds",
        "{object}. Decide whether the project stops or goes on: {remedy}",
        Urgency.URGENT,
    ),
    NoticeType(
        "findings.project_stopped", "Project stopped", "{actor} stopped the project: {reason}", Urgency.URGENT
    ),
]
