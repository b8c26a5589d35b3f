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


#: A new name whenever what a scan says can change, so that files are scanned again.
SCANNER = "mlgov 2, picklescan 1.0.5"
#: The check that mlgov reports itself: what the pinned files would run when loaded.
ARTIFACT_SCAN = "artifact_scan"
#: What a check counts as when the version's commit or files are other ones than those it ran on.
EXPIRED = "expired"
SUPERSEDED = "superseded"


class CheckSource(TextChoices):
    """Where the outcome of a check came from."""

    PIPELINE = "pipeline", "Said by the pipeline"
    JUNIT = "junit", "JUnit XML"
    SARIF = "sarif", "SARIF"
    MLGOV = "mlgov", "mlgov itself"
