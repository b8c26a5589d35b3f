"""The first row of a version's rubric; services and jobs open it alike."""

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.registry.models import Version
from apps.rubrics.models import Scorecard


@service
def open_scorecard(version: Version, *, by: User | None) -> Scorecard:
    """Open the rubric of a version; one that is open is returned. ``by`` is None for the system itself."""
    project = version.model.project
    scorecard, fresh = Scorecard.objects.get_or_create(
        version=version, defaults={"policy_revision": project.policy_revision}
    )
    if fresh:
        audit.record(
            "rubrics.scorecard_opened", scorecard, by=by, project_id=project.pk, version=str(version)
        )
    return scorecard
