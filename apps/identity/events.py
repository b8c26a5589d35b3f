"""What happens to invitations, links to a provider, rules of groups, and trusts in pipelines."""

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
    EventType(
        "identity.trust_added",
        "let pipelines of {issuer} act as {account} by the trust {object} ({scopes})",
        icon="handshake",
    ),
    EventType(
        "identity.trust_withdrawn", "withdrew the trust {object}: {reason}", icon="unlink", tone="warn"
    ),
    EventType("identity.trust_used", "got a token by the trust {object} ({scopes})", icon="key-round"),
    EventType(
        "identity.trust_refused",
        "refused a token that was shown to the trust {object}: {reason}",
        icon="shield-alert",
        tone="warn",
    ),
]
