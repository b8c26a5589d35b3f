"""States of a run and verdicts on an experiment."""

from django.db.models import TextChoices


class RunState(TextChoices):
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"


#: From which state a run may go where.
RUN_MOVES: dict[str, frozenset[str]] = {
    RunState.RUNNING: frozenset({RunState.FINISHED, RunState.FAILED}),
    RunState.FINISHED: frozenset(),
    RunState.FAILED: frozenset(),
}


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
