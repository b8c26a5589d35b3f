"""How much a notice matters, and by which way it reaches a person."""

from django.db.models import TextChoices


class Urgency(TextChoices):
    LOW = "low", "For information"
    NORMAL = "normal", "Normal"
    URGENT = "urgent", "Urgent"


class Channel(TextChoices):
    """Each way includes the ones before it: who gets an e-mail finds the notice in the portal too."""

    OFF = "off", "Off"
    PORTAL = "portal", "In the portal"
    DIGEST = "digest", "In the daily digest"
    EMAIL = "email", "By e-mail at once"


#: What a person gets who never said otherwise.
DEFAULT_CHANNEL: dict[str, Channel] = {
    Urgency.LOW: Channel.PORTAL,
    Urgency.NORMAL: Channel.DIGEST,
    Urgency.URGENT: Channel.EMAIL,
}
