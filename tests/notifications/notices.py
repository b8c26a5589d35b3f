"""Kinds of notices for tests, one of each urgency."""

from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType("tests.told", "Something happened", "{actor} did something with {object}: {what}"),
    NoticeType("tests.urgent", "Act now", "{object} needs you now", "urgent"),
    NoticeType("tests.quiet", "For the record", "{object} is as it was", "low"),
]
