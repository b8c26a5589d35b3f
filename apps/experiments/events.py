"""What happens to experiments and runs."""

from apps.audit.events import EventType

EVENTS = [
    EventType("experiments.experiment_created", "began the experiment {object}", icon="flask-conical"),
    EventType(
        "experiments.verdict_given",
        "gave the experiment {object} the verdict {verdict}: {reason}",
        icon="flask-conical",
    ),
    EventType(
        "experiments.experiment_changed", "changed {fields} of the experiment {object}", icon="flask-conical"
    ),
    EventType(
        "experiments.experiment_deleted", "deleted the experiment {object}", icon="trash-2", tone="warn"
    ),
    EventType("experiments.experiment_restored", "restored the experiment {object}", icon="undo-2"),
    EventType("experiments.run_started", "started the run {object}", icon="play"),
    EventType("experiments.run_renamed", "gave the run {before} the name {object}", icon="pencil"),
    EventType(
        "experiments.run_reopened", "opened the run {object} again ({state})", icon="rotate-ccw", tone="warn"
    ),
    EventType(
        "experiments.run_amended",
        "logged to the run {object} after its end ({points} points, {params} parameters, {tags} tags, {inputs} datasets)",
        icon="file-pen",
        tone="warn",
    ),
    EventType("experiments.run_moved", "set the run {object} to {state}", icon="play"),
    EventType("experiments.run_deleted", "deleted the run {object}", icon="trash-2", tone="warn"),
    EventType("experiments.run_restored", "restored the run {object}", icon="undo-2"),
    EventType("experiments.run_ended", "ended the run {object} ({state}, {metrics} metrics)", icon="square"),
    EventType(
        "experiments.artifact_logged", "logged the artifact {object} ({size_bytes} bytes)", icon="file-up"
    ),
    EventType("experiments.artifact_removed", "removed the artifact {object}", icon="file-x", tone="warn"),
    EventType("experiments.model_logged", "began to log the model {object}", icon="box"),
    EventType(
        "experiments.model_finalized", "set the logged model {object} to {state} ({files} files)", icon="box"
    ),
    EventType("experiments.model_changed", "changed {fields} of the logged model {object}", icon="pencil"),
    EventType(
        "experiments.model_file_logged",
        "logged the file {path} of the model {object} ({size_bytes} bytes)",
        icon="file-up",
    ),
    EventType("experiments.model_deleted", "deleted the logged model {object}", icon="trash-2", tone="warn"),
]
