"""Who comes in: invitations, people of a provider, what groups give, and pipelines that a project trusts."""

from apps.identity.services.exchanging import Given, NotAcceptable, ScopeTooWide, TooMany, exchange
from apps.identity.services.groups import add_rule, apply_groups, remove_rule
from apps.identity.services.inviting import accept, accept_as_new, find_invitation, invite, revoke
from apps.identity.services.linking import Arrival, NotLinked, account_of, note_link
from apps.identity.services.trusting import create_trust, withdraw_trust

__all__ = [
    "Arrival",
    "Given",
    "NotAcceptable",
    "NotLinked",
    "ScopeTooWide",
    "TooMany",
    "accept",
    "accept_as_new",
    "account_of",
    "add_rule",
    "apply_groups",
    "create_trust",
    "exchange",
    "find_invitation",
    "invite",
    "note_link",
    "remove_rule",
    "revoke",
    "withdraw_trust",
]
