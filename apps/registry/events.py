"""What happens to models and versions."""

from apps.audit.events import EventType

EVENTS = [
    EventType("registry.model_created", "created the model {object}", icon="box"),
    EventType("registry.version_registered", "registered {object} ({change} change)", icon="package-plus"),
    EventType(
        "registry.version_moved", "moved {object} from {before} to {stage}", icon="arrow-right", tone="good"
    ),
    EventType("registry.check_reported", "reported the check {object} on {version}", icon="circle-check"),
    EventType("registry.artifact_pinned", "pinned the file {path} to {object}", icon="pin"),
    EventType(
        "registry.commit_changed", "said that {object} was built from {commit}", icon="git-commit-horizontal"
    ),
    EventType("registry.model_retired", "retired {object}: {reason}", icon="archive", tone="warn"),
    EventType("registry.model_reinstated", "reinstated {object}: {reason}", icon="archive-restore"),
    EventType("registry.model_changed", "changed {fields} of {object}", icon="pencil"),
    EventType("registry.version_changed", "changed {fields} of {object}", icon="pencil"),
    EventType("registry.alias_set", "named v{number} of {object} {alias}", icon="tag"),
    EventType("registry.alias_removed", "took the alias {alias} from {object}", icon="tag"),
    EventType(
        "registry.model_deleted", "deleted {object}; everything of it is kept", icon="trash-2", tone="warn"
    ),
    EventType(
        "registry.version_deleted", "deleted {object}; everything of it is kept", icon="trash-2", tone="warn"
    ),
]
