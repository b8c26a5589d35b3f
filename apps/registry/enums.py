"""Stages, and kinds of change and of CI checks."""

from django.db.models import TextChoices

#: The stage that holds at most one version of a model; every pack must have it.
PRODUCTION = "production"
#: The stage of a version whose policy names no other.
DEVELOPMENT = "development"


class Change(TextChoices):
    MINOR = "minor", "Minor"
    MAJOR = "major", "Major"


class CheckStatus(TextChoices):
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
