"""What happens to invitations, links to a provider, and rules of groups."""

from apps.audit.events import EventType

EVENTS = [
    EventType("identity.invited", "invited {email} ({role})", icon="mail-plus"),
    EventType(
        "identity.invitation_revoked", "took the invitation of {object} back", icon="mail-x", tone="warn"
    ),
    EventType("identity.invitation_accepted", "accepted the invitation of {object}", icon="mail-check"),
    EventType("identity.provider_linked", "linked {object} to {issuer}", icon="link"),
    EventType(
        "identity.provider_refused",
        "refused somebody from {issuer} who is not linked to an account: {reason}",
        icon="shield-alert",
        tone="warn",
    ),
    EventType("identity.rule_added", "gave the group {group} the role {role}", icon="users"),
    EventType("identity.rule_removed", "removed the rule of the group {group}", icon="users", tone="warn"),
    EventType(
        "identity.grant_kept",
        "kept the role of {person}, whose group is gone: {reason}",
        icon="shield-alert",
        tone="warn",
    ),
]
