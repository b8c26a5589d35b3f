"""What happens to people and tokens."""

from apps.audit.events import EventType

EVENTS = [
    EventType("accounts.person_created", "added {object} <{email}>", icon="user-plus"),
    EventType("accounts.service_account_created", "made the service account {object}", icon="bot"),
    EventType(
        "accounts.site_role_changed",
        "changed the site role of {object} from “{before}” to “{after}”",
        icon="shield",
    ),
    EventType("accounts.token_issued", "issued the token {object} ({scopes})", icon="key-round"),
    EventType("accounts.token_revoked", "revoked the token {object}", icon="key-round", tone="warn"),
    EventType("accounts.signed_in", "signed in", icon="log-in"),
    EventType("accounts.sign_in_failed", "failed to sign in", icon="log-in", tone="warn"),
    EventType(
        "accounts.reauthentication_failed",
        "gave a wrong password when asked to confirm",
        icon="lock",
        tone="warn",
    ),
    EventType("accounts.password_changed", "changed the password", icon="lock"),
]
