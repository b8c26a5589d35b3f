"""States of an evaluation."""

from django.db.models import TextChoices


class EvaluationState(TextChoices):
    QUEUED = "queued", "Queued"
    COMPLETE = "complete", "Complete"
    FAILED = "failed", "Failed"


#: From which state an evaluation may go where; its job carries the finer states.
EVALUATION_MOVES: dict[str, frozenset[str]] = {
    EvaluationState.QUEUED: frozenset({EvaluationState.COMPLETE, EvaluationState.FAILED}),
    EvaluationState.FAILED: frozenset({EvaluationState.QUEUED}),
    EvaluationState.COMPLETE: frozenset(),
}
