"""Kinds of principals and what tokens may be good for."""

from django.db.models import TextChoices


class Kind(TextChoices):
    PERSON = "person", "Person"
    SERVICE = "service", "Service account"


class SiteRole(TextChoices):
    """Rights over the whole site. Neither gives a right to approve anything."""

    NONE = "", "None"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class Scope(TextChoices):
    """What a token may be used for. No scope exists for approving, waiving, policies or members."""

    READ = "read", "Read projects, versions, verdicts"
    TRACK = "track", "Create experiments, log runs, register models and versions"
    EVIDENCE = "evidence", "Upload predictions, start evaluations, report checks, costs and answers"
    PROMOTE = "promote", "Ask for a promotion and withdraw it"
    WEBHOOKS = "webhooks", "Manage the webhooks of projects that you own"


class ReauthenticationMethod(TextChoices):
    PASSWORD = "password", "Password"
    CODE = "totp", "Code of an authenticator app"
    PASSWORD_AND_CODE = "password+totp", "Password and code"
    PASSKEY = "passkey", "Passkey"


#: What a gate that demands a second factor takes. A code alone serves people without a password (single sign-on).
SECOND_FACTORS = frozenset(
    {ReauthenticationMethod.CODE, ReauthenticationMethod.PASSWORD_AND_CODE, ReauthenticationMethod.PASSKEY}
)
