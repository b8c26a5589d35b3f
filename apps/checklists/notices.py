"""What checklists have to tell people."""

from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType(
        "checklists.assigned",
        "Checklist item given to you",
        "{actor} asks you to answer “{item}” for {version}, due {due}.",
    )
]
