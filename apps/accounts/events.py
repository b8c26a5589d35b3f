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
        "gave a wrong {proof} when asked to confirm",
        icon="lock",
        tone="warn",
    ),
    EventType("accounts.password_changed", "chose a new password", icon="lock"),
    EventType("accounts.password_reset", "gave {object} a temporary password", icon="lock", tone="warn"),
    EventType(
        "accounts.second_factors_removed",
        "removed the second factors of {object} ({factors})",
        icon="shield-alert",
        tone="warn",
    ),
    EventType(
        "accounts.notice_failed",
        "could not be written to about a change of sign-in",
        icon="mail-x",
        tone="warn",
    ),
    EventType("accounts.switched_off", "switched {object} off", icon="shield-x", tone="warn"),
    EventType("accounts.switched_on", "switched {object} on", icon="shield-check"),
    EventType("accounts.code_app_added", "set up an authenticator app", icon="shield-check"),
    EventType("accounts.code_app_removed", "removed the authenticator app", icon="shield-alert", tone="warn"),
    EventType("accounts.passkey_added", "added a passkey", icon="key-round"),
    EventType("accounts.passkey_removed", "removed a passkey", icon="key-round", tone="warn"),
    EventType("accounts.recovery_codes_made", "made new recovery codes", icon="key-round"),
]
