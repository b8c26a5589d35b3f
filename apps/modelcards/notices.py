"""What model cards have to tell people."""

from apps.notifications.kinds import NoticeType

NOTICES = [
    NoticeType(
        "modelcards.review_asked",
        "Card to publish",
        "{actor} asks to review and publish the card of {version}.",
    ),
    NoticeType("modelcards.sent_back", "Card sent back", "{actor} sent the card of {version} back: {reason}"),
    NoticeType("modelcards.published", "Card published", "{actor} published the card of {version}."),
    NoticeType(
        "modelcards.publication_withdrawn",
        "Publication withdrawn",
        "{actor} withdrew the published card of {version}: {reason}",
    ),
    NoticeType(
        "modelcards.commented",
        "Comment on a card",
        "{actor} wrote about {field} in the card of {version}: {text}",
    ),
]
