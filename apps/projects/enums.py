"""Roles of members, and the vocabulary of a problem brief (M1.1)."""

from django.db.models import TextChoices


class Role(TextChoices):
    """What a member may do in one project; `apps.projects.permissions` has the table."""

    VIEWER = "viewer", "Viewer"
    CONTRIBUTOR = "contributor", "Contributor"
    REVIEWER = "reviewer", "Reviewer"
    RISK = "risk", "Risk officer"
    OWNER = "owner", "Owner"


class Task(TextChoices):
    CLASSIFICATION = "classification", "Classification"
    REGRESSION = "regression", "Regression"
    RANKING = "ranking", "Ranking"
    GENERATION = "generation", "Generation"
    CLUSTERING = "clustering", "Clustering"
    ANOMALY = "anomaly_detection", "Anomaly detection"
    RECOMMENDATION = "recommendation", "Recommendation"


class Consumer(TextChoices):
    API = "api", "API"
    DASHBOARD = "dashboard", "Dashboard"
    EMAIL = "email", "E-mail"
    AUTOMATED_ACTION = "automated_action", "Automated action"


class Latency(TextChoices):
    REAL_TIME = "real_time", "Real time (under 100 ms)"
    NEAR_REAL_TIME = "near_real_time", "Near real time (under 1 s)"
    BATCH = "batch", "Batch (minutes to hours)"


class Direction(TextChoices):
    """Which side of the target counts as success."""

    AT_LEAST = "at_least", "At least the target"
    AT_MOST = "at_most", "At most the target"


class ComponentState(TextChoices):
    """How a part of the platform stands in a project (M8.3)."""

    IN_PLACE = "in_place", "In place"
    PLANNED = "planned", "Planned"
    MISSING = "missing", "Missing"
    NOT_NEEDED = "not_needed", "Not needed"


class DataRole(TextChoices):
    """What a dataset version is for."""

    TRAIN = "train", "Training"
    VALIDATION = "validation", "Validation"
    TEST = "test", "Test"
    HOLDOUT = "holdout", "Holdout"
    REFERENCE = "reference", "Reference"


class MoveState(TextChoices):
    """Of a project's move to another revision of its policy."""

    ASKED = "asked", "Waits for a risk officer"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


MOVE_MOVES: dict[str, frozenset[str]] = {
    MoveState.ASKED: frozenset({MoveState.CONFIRMED, MoveState.REFUSED, MoveState.WITHDRAWN}),
    MoveState.CONFIRMED: frozenset(),
    MoveState.REFUSED: frozenset(),
    MoveState.WITHDRAWN: frozenset(),
}
