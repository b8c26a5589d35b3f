"""What happens to jobs."""

from apps.audit.events import EventType

EVENTS = [
    EventType("jobs.cancel_requested", "asked to stop the job {object}", icon="circle-stop"),
    EventType("jobs.cancelled", "stopped the job {object}", icon="circle-stop", tone="warn"),
    EventType("jobs.failed", "could not finish the job {object}: {error}", icon="circle-x", tone="bad"),
    EventType(
        "jobs.quarantined",
        "put the job {object} in quarantine after {attempts} attempts",
        icon="biohazard",
        tone="bad",
    ),
    EventType("jobs.retried", "started the job {object} again", icon="rotate-cw"),
]
