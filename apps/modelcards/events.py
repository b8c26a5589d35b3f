"""What happens to model cards."""

from apps.audit.events import EventType

EVENTS = [
    EventType("modelcards.card_started", "began the model card of {version}", icon="file-text"),
    EventType("modelcards.card_changed", "changed the model card ({fields})", icon="file-text"),
    EventType("modelcards.pdf_requested", "asked for the PDF of the card of {version}", icon="file-down"),
    EventType("modelcards.pdf_rendered", "rendered the {object} of {version}", icon="file-check"),
]
