"""What a worker does for the rubric."""

from apps.audit import services as audit
from apps.core import governed
from apps.evidence.services import collect
from apps.jobs.running import RunningJob
from apps.registry.models import Version
from apps.rubrics import queries
from apps.rubrics.models import Scorecard


def suggest(job: RunningJob) -> None:
    """Compute the suggestion of every dimension from the evidence of now, and keep it with its digest."""
    version = Version.objects.select_related("model__project__policy_revision", "run").get(
        pk=job.args["version"]
    )
    job.progress(0.2, "collecting evidence")
    evidence = collect(version)
    board = queries.board_of(version, evidence.document)
    found = {
        "evidence_digest": evidence.digest,
        "levels": {row.dimension.key: row.suggested for row in board.rows},
    }
    with job.completing({"total": board.suggested_total}):
        scorecard = Scorecard.objects.select_for_update(of=("self",)).get(version=version)
        governed.change(scorecard, suggestion=found)
        audit.record(
            "rubrics.suggestion_computed", scorecard, by=job.started_by, project_id=job.project_id, **found
        )
