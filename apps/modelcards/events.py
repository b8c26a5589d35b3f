"""What happens to model cards."""

from apps.audit.events import EventType

EVENTS = [
    EventType("modelcards.card_started", "began the model card of {version}", icon="file-text"),
    EventType("modelcards.card_changed", "changed the model card ({fields})", icon="file-text"),
    EventType("modelcards.card_submitted", "sent the card of {version} for review", icon="send"),
    EventType("modelcards.card_taken_back", "took the card of {version} back from review", icon="undo-2"),
    EventType("modelcards.card_sent_back", "sent the card of {version} back: {reason}", icon="undo-2"),
    EventType(
        "modelcards.card_published",
        "published revision {revision} of the card of {version}: {meaning}",
        icon="signature",
    ),
    EventType(
        "modelcards.act_refused",
        "was not allowed to publish the card of {version}: {reason}",
        icon="shield-alert",
        tone="warn",
    ),
    EventType(
        "modelcards.publication_withdrawn",
        "withdrew publication {number} of the card of {version}: {reason}",
        icon="file-x",
    ),
    EventType(
        "modelcards.commented",
        "wrote about the field {field} of the card of {version}",
        icon="message-square",
    ),
    EventType(
        "modelcards.comment_resolved",
        "settled a comment on the field {field} of the card of {version}",
        icon="message-square",
    ),
    EventType("modelcards.defaults_started", "began the defaults of model cards", icon="file-pen"),
    EventType(
        "modelcards.defaults_changed", "changed the defaults of model cards ({fields})", icon="file-pen"
    ),
    EventType(
        "modelcards.link_created", "made the {object} to the card of {version}, until {until}", icon="link"
    ),
    EventType("modelcards.link_withdrawn", "withdrew the {object} to the card of {version}", icon="unlink"),
    EventType(
        "modelcards.link_expired", "noted that the {object} to the card of {version} is over", icon="unlink"
    ),
    EventType("modelcards.pdf_requested", "asked for the PDF of the card of {version}", icon="file-down"),
    EventType("modelcards.pdf_rendered", "rendered the {object} of {version}", icon="file-check"),
]
