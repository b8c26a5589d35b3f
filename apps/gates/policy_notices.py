"""What people are told about policies: drafts that wait, and projects that are to follow another revision."""

from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType(
        "gates.draft_proposed",
        "A policy waits to be published",
        "{actor} proposes the policy draft {object}: {reason}",
    ),
    NoticeType("gates.draft_published", "Your policy draft is published", "{actor} published {object}."),
    NoticeType(
        "gates.draft_sent_back", "Your policy draft was sent back", "{actor} sent {object} back: {reason}"
    ),
    NoticeType("gates.draft_withdrawn", "Your policy draft was given up", "{actor} withdrew {object}."),
    NoticeType(
        "gates.move_asked",
        "A move to another policy waits",
        "{actor} asks that {project_name} follows {revision}: {reason}",
    ),
    NoticeType(
        "gates.move_confirmed",
        "Your move to another policy is confirmed",
        "{actor} confirmed it: {project_name} follows {revision} now.",
    ),
    NoticeType(
        "gates.move_refused",
        "Your move to another policy is refused",
        "{actor} closed the move of {project_name} to {revision}: {reason}",
    ),
]
