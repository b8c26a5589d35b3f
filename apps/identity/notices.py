"""What people are told about pipelines that a project trusts."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

TRUSTED = "identity.pipeline_trusted"
NOTICES = [
    NoticeType(
        TRUSTED,
        "A pipeline is trusted",
        "{actor} lets pipelines of {issuer} act in {where} as {account} ({scopes}): {object}.",
        Urgency.URGENT,
    ),
]
