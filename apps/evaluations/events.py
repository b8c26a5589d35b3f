"""What happens to predictions and evaluations."""

from apps.audit.events import EventType

EVENTS = [
    EventType(
        "evaluations.predictions_uploaded",
        "uploaded {row_count} predictions for {version} on {dataset}",
        icon="upload",
    ),
    EventType(
        "evaluations.predictions_refused",
        "sent predictions for {object} that were refused: {codes}",
        icon="upload",
        tone="warn",
    ),
    EventType("evaluations.evaluation_requested", "asked for an {object}", icon="gauge"),
    EventType(
        "evaluations.evaluation_completed",
        "completed the {object} (report {report_digest})",
        icon="gauge",
        tone="good",
    ),
    EventType("evaluations.print_requested", "asked for the validation report of the {of}", icon="file-down"),
    EventType("evaluations.print_made", "made the validation report of the {of}", icon="file-check"),
    EventType(
        "evaluations.evaluation_failed", "could not complete the {object}: {error}", icon="gauge", tone="bad"
    ),
]
