"""What happens to samples and features."""

from apps.audit.events import EventType

EVENTS: list[EventType] = [
    EventType("data.source_scored", "scored a data source: {object}", icon="database"),
    EventType("data.profile_asked", "sent a sample of {object} to be profiled", icon="table"),
    EventType("data.profile_made", "has the {object} ({rows} rows)", icon="table"),
    EventType("data.leakage_asked", "sent train and test tables of {object} to be compared", icon="table"),
    EventType("data.leakage_checked", "has the {object}: {words}", icon="shield-check"),
    EventType("data.feature_registered", "registered the feature {object}", icon="list-plus"),
    EventType("data.feature_changed", "changed the feature {object} ({fields})", icon="pencil"),
]
