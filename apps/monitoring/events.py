"""What happens to production metrics."""

from apps.audit.events import EventType

EVENTS = [EventType("monitoring.metrics_reported", "reported {object} of {version}", icon="activity")]
