"""What happens to rubric scores."""

from apps.audit.events import EventType

EVENTS = [
    EventType("rubrics.scorecard_opened", "opened the {object} of {version}", icon="award"),
    EventType("rubrics.suggestion_computed", "computed the suggestion of the {object}", icon="sparkles"),
    EventType(
        "rubrics.dimension_scored", "scored {dimension} {level} of 5 (suggested: {suggested})", icon="award"
    ),
]
