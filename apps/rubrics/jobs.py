"""What a worker does for the rubric."""

from typing import Any

from apps.audit import services as audit
from apps.core import governed
from apps.core.canonical import digest
from apps.evidence.services import collect
from apps.jobs.running import RunningJob
from apps.policies.queries import pack_of
from apps.registry.models import Version
from apps.rubrics import scoring
from apps.rubrics.models import Scorecard, Suggestion
from apps.rubrics.opening import open_scorecard
from apps.rubrics.queries import suggestions


def suggest(job: RunningJob) -> dict[str, Any] | None:
    """Compute the suggestion of every dimension from the evidence of now, and keep it with its digest.

    Levels and policy of the newest suggestion write nothing, so that the history has what changed, and the job's own event
    starts no other. With nobody who started it, the system opens the scorecard.
    """
    version = Version.objects.select_related("model__project__policy_revision", "run").get(
        pk=job.args["version"]
    )
    project = version.model.project
    rubric = pack_of(project.policy_revision).rubric
    if rubric is None:
        return {"unchanged": True}
    job.progress(0.2, "collecting evidence")
    with job.completing({}) as answer:
        opened = open_scorecard(version, by=job.started_by)
        scorecard = Scorecard.objects.select_for_update(of=("self",)).get(pk=opened.pk)
        scorecard.version = version
        # Under the lock, so that of two jobs the later one has the later evidence. The rubric's own facts are left
        # out: scores must not make a new suggestion.
        document = {key: value for key, value in collect(version).document.items() if key != "rubric"}
        levels = suggestions(rubric, document)
        answer["total"] = scoring.total(rubric, levels)
        newest = scorecard.suggestions.order_by("-created_at", "-id").first()
        if newest and (newest.levels, newest.policy_revision_id) == (levels, project.policy_revision_id):
            answer["unchanged"] = True
        else:
            _keep(scorecard, levels, answer["total"], digest(document), job)
    return None


def _keep(scorecard: Scorecard, levels: dict[str, int], total: float, seen: str, job: RunningJob) -> None:
    """Write a suggestion with the digest of the evidence that it comes from."""
    project = scorecard.version.model.project
    Suggestion.objects.create(
        scorecard=scorecard,
        policy_revision=project.policy_revision,
        evidence_digest=seen,
        levels=levels,
        total=total,
    )
    found = {"evidence_digest": seen, "levels": levels}
    governed.change(scorecard, suggestion=found)
    audit.record(
        "rubrics.suggestion_computed",
        scorecard,
        by=job.started_by,
        project_id=project.pk,
        total=total,
        **found,
    )
