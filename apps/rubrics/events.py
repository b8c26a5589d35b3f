"""What happens to rubric scores. The events of a blind round say no levels until all reviewers have finished."""

from apps.audit.events import EventType

EVENTS = [
    EventType("rubrics.scorecard_opened", "opened the {object} of {version}", icon="award"),
    EventType("rubrics.suggestion_computed", "computed the suggestion of the {object}", icon="sparkles"),
    EventType(
        "rubrics.dimension_scored", "scored {dimension} {level} of 5 (suggested: {suggested})", icon="award"
    ),
    EventType(
        "rubrics.scored_blind",
        "scored the {object}, unseen until all reviewers have finished",
        icon="eye-off",
    ),
    EventType(
        "rubrics.scores_revealed", "finished the blind scoring: {differing} dimensions differ", icon="eye"
    ),
    EventType(
        "rubrics.level_agreed", "set the agreed level of {dimension} to {level}: {reason}", icon="award"
    ),
    EventType("rubrics.round_started", "started scoring anew, round {round}: {reason}", icon="rotate-ccw"),
]
