"""Who comes in: invitations, people of a provider, and what groups give."""

from apps.identity.services.groups import add_rule, apply_groups, remove_rule
from apps.identity.services.inviting import accept, accept_as_new, find_invitation, invite, revoke
from apps.identity.services.linking import Arrival, NotLinked, account_of, note_link

__all__ = [
    "Arrival",
    "NotLinked",
    "accept",
    "accept_as_new",
    "account_of",
    "add_rule",
    "apply_groups",
    "find_invitation",
    "invite",
    "note_link",
    "remove_rule",
    "revoke",
]
