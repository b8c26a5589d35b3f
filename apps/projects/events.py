"""What happens to projects, their members, briefs and data."""

from apps.audit.events import EventType

EVENTS = [
    EventType("projects.project_created", "created the project {object}", icon="folder-plus"),
    EventType("projects.project_changed", "changed the project {object}", icon="folder-pen"),
    EventType("projects.policy_move_asked", "asked for the {object}: {reason}", icon="scroll-text"),
    EventType("projects.policy_move_confirmed", "confirmed the {object}", icon="shield-check"),
    EventType("projects.policy_move_closed", "closed the {object}: {reason}", icon="undo-2", tone="warn"),
    EventType("projects.policy_moved", "moved {object} from {before} to {after}", icon="scroll-text"),
    EventType("projects.member_added", "gave {member} the role {role}", icon="user-plus"),
    EventType(
        "projects.member_role_changed",
        "changed the role of {member} from {before} to {role}",
        icon="user-cog",
    ),
    EventType(
        "projects.member_removed", "took the role {role} from {member}", icon="user-minus", tone="warn"
    ),
    EventType("projects.brief_started", "began the problem brief", icon="file-pen"),
    EventType("projects.brief_changed", "changed the problem brief ({fields})", icon="file-pen"),
    EventType("projects.kill_criterion_added", "added the kill criterion {object}", icon="octagon-x"),
    EventType(
        "projects.kill_criterion_retired",
        "retired the kill criterion {object}: {reason}",
        icon="octagon-x",
        tone="warn",
    ),
    EventType("projects.approach_answered", "answered whether rules would do: {recommended}", icon="split"),
    EventType(
        "projects.tier_set", "rated the project as {object}, before {before}: {reason}", icon="shield-alert"
    ),
    EventType("projects.platform_noted", "noted the {object} of the platform as {state}", icon="blocks"),
    EventType(
        "projects.data_source_assessed", "assessed the data source {object}: {score} of 30", icon="database"
    ),
    EventType("projects.dataset_recorded", "recorded the dataset {object} ({row_count} rows)", icon="table"),
]
