"""States of a run and verdicts on an experiment."""

from django.db.models import TextChoices


class RunState(TextChoices):
    SCHEDULED = "pending", "Scheduled"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"
    KILLED = "killed", "Killed"


#: A run that may still log, and one that has ended.
OPEN_RUN = (RunState.SCHEDULED, RunState.RUNNING)
ENDED_RUN = (RunState.FINISHED, RunState.FAILED, RunState.KILLED)
#: From which state a run may go where. One that ended is opened again by who resumes it, with an event.
RUN_MOVES: dict[str, frozenset[str]] = {
    one: frozenset(other for other in RunState if other != one) for one in RunState
}


class ModelState(TextChoices):
    """Whether the files of a logged model have all come."""

    PENDING = "pending", "Files are coming"
    READY = "ready", "Ready"
    FAILED = "failed", "Upload failed"


class ModelUse(TextChoices):
    """What a run did with a logged model."""

    OUTPUT = "output", "Made it"
    INPUT = "input", "Read it"


class Verdict(TextChoices):
    """What became of an experiment (M3.1)."""

    OPEN = "open", "Open"
    PROMOTED = "promoted", "Promoted"
    ARCHIVED = "archived", "Archived"
    ITERATE = "iterate", "Iterate"


#: What a person may decide; an experiment begins open, and is not opened again.
GIVEN = (Verdict.PROMOTED, Verdict.ARCHIVED, Verdict.ITERATE)


class DataKind(TextChoices):
    """What a row of the data is; which guides help depends on it."""

    TABULAR = "tabular", "Tables"
    TEXT = "text", "Text"
    IMAGE = "image", "Images"
    SERIES = "series", "Time series"
