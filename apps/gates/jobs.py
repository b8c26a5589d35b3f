"""What workers do at the gates."""

from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.core.canonical import digest
from apps.gates import due, services
from apps.gates.impact import as_revision, impact
from apps.gates.models import Promotion
from apps.gates.printing import content_of, document_of
from apps.gates.queries import promotion_to_print
from apps.jobs import printouts
from apps.jobs.models import Printout
from apps.jobs.running import RunningJob
from apps.policies.models import Draft
from apps.policies.permissions import may_read_drafts
from apps.policies.queries import pack_of
from apps.projects.permissions import Right, can


def keep_time(job: RunningJob) -> dict[str, Any]:
    """Remind, escalate, expire, open re-reviews; note what has ended and say what is about to.

    Validity itself needs no job: it is compared with the clock. Comes again by itself (settings.PERIODIC_JOBS).
    """
    job.check()
    found = {**due.keep_time(), **services.watch_conditions()}
    with job.completing(found) as answer:
        answer["ended"] = services.note_ended()
        answer["ending"] = services.announce_ending()
        answer["overdue"] = services.announce_overdue()
        answer["obligations_overdue"] = services.remind_of_obligations()
    return answer


def judge_production(job: RunningJob) -> dict[str, Any]:
    """Judge the rollback rules on metrics that arrived. It is the policy that acts; ``started_by`` only reported."""
    assert job.started_by is not None, "production metrics are reported by somebody"
    with job.completing({}) as answer:
        answer |= services.judge_production(UUID(job.args["version"]), by=job.started_by)
    return answer


def judge_conditions(job: RunningJob) -> dict[str, Any]:
    """Judge the conditions of a version's approval: metrics arrived, or an evaluation is complete."""
    with job.completing({}) as answer:
        answer |= services.judge_conditions(UUID(job.args["version"]))
    return answer


def authorise_preview_policy(args: dict[str, Any], user: User) -> bool:
    """Whoever may read drafts may see what one would change."""
    return may_read_drafts(user)


def preview_policy(job: RunningJob) -> dict[str, Any]:
    """Judge everything that follows a pack under a draft of it. Writes nothing but the job's answer."""
    draft = Draft.objects.select_related("pack", "base__pack").get(pk=job.args["draft"])
    revision = as_revision(draft)
    return impact(revision, pack_of(revision).slug, job.progress)


def _printed(args: dict[str, Any]) -> Promotion:
    return promotion_to_print(Printout.objects.get(pk=args["printout"]).subject)


def authorise_render_record(args: dict[str, Any], user: User) -> bool:
    """Whoever started it must still be able to read the request."""
    return bool(can(user, Right.READ, _printed(args).version.model.project))


def render_record(job: RunningJob) -> None:
    """Make the approval record of a request as it stands."""
    printout = printouts.begun(job)
    promotion = _printed(job.args)
    printouts.demand_same(printout, digest(content_of(promotion)))
    document = document_of(promotion, proof=printouts.proof_of(printout))
    reason = f"Approval record {printout.content_digest}"
    printouts.finish(job, printout, document, reason=reason, of=str(promotion))
