"""Which kind of issuer a project trusts: it decides which claims a trust must name."""

from django.db.models import TextChoices

from apps.accounts.enums import Scope


class IssuerKind(TextChoices):
    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    OTHER = "other", "Another issuer"


#: What a trust may give. Webhooks carry what is known out of the house: nothing that a pipeline needs.
TRUSTED_SCOPES = (Scope.READ, Scope.TRACK, Scope.EVIDENCE, Scope.PROMOTE)
