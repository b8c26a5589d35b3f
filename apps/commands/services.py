"""Do what a command can begin by itself."""

from collections.abc import Callable

from apps.accounts.models import User
from apps.commands.queries import Standing
from apps.core.errors import not_now
from apps.evaluations import services as evaluations
from apps.jobs.models import Job
from apps.modelcards import services as cards
from apps.registry.models import Version
from apps.rubrics import services as rubrics


def start(standing: Standing, *, by: User) -> Job | None:
    """Begin the job of a command and return it; None for one that people do on its page, or that needs none now."""
    begin = STARTS.get(standing.command.starts)
    if begin is None:
        return None
    if standing.version is None:
        not_now("There is no version yet; register one, then this can begin.", code="no_version").enforce()
    assert standing.version is not None, "enforce refused"
    return begin(standing.version, by)


def _evaluate(version: Version, by: User) -> Job | None:
    newest = version.prediction_sets.order_by("-id").first()
    if newest is None:
        not_now(
            f"{version} has no predictions yet. Upload some to /api/v1/versions/{version.pk}/predictions.",
            code="no_predictions",
        ).enforce()
    assert newest is not None, "enforce refused"
    return evaluations.request_evaluation(newest, by=by).job


STARTS: dict[str, Callable[[Version, User], Job | None]] = {
    "rubric": lambda version, by: rubrics.request_suggestion(version, by=by),
    "evaluation": _evaluate,
    "card": lambda version, by: cards.request_pdf(version, by=by).job,
}
