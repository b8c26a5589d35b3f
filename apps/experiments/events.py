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
    EventType("experiments.run_started", "started the run {object}", icon="play"),
    EventType("experiments.run_ended", "ended the run {object} ({state}, {metrics} metrics)", icon="square"),
    EventType(
        "experiments.artifact_logged", "logged the artifact {object} ({size_bytes} bytes)", icon="file-up"
    ),
]
