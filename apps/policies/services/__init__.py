"""What is done with policies: load on the server, draft, propose, publish."""

from apps.policies.services.drafting import (
    change_draft,
    propose_draft,
    publish_draft,
    send_back,
    start_draft,
    withdraw_draft,
)
from apps.policies.services.publishing import load_standard, publish
from apps.policies.services.syncing import sync_git

__all__ = [
    "change_draft",
    "load_standard",
    "propose_draft",
    "publish",
    "publish_draft",
    "send_back",
    "start_draft",
    "sync_git",
    "withdraw_draft",
]
