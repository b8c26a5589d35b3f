"""Who had a hand in a version: separation of duties comes from what the rows say, not from configuration."""

from uuid import UUID

from apps.checklists.models import Answer
from apps.evaluations.models import PredictionSet
from apps.registry.models import Version


def contributors_of(version: Version) -> dict[UUID, str]:
    """Return the people (not accounts) who made the version or its evidence, with what they did."""
    found: dict[UUID, str] = {}

    def note(user: object, because: str) -> None:
        person_id = getattr(user, "person_id", None)
        if person_id is not None:
            found.setdefault(person_id, because)

    if version.run is not None:
        note(version.run.started_by, "You started the training run")
    note(version.created_by, "You registered this version")
    for predictions in PredictionSet.objects.filter(version=version).select_related("uploaded_by__owner"):
        note(predictions.uploaded_by, "You uploaded the evidence")
    for answer in Answer.objects.filter(checklist__version=version).select_related("answered_by__owner"):
        note(answer.answered_by, "You answered the checklist")
    return found
