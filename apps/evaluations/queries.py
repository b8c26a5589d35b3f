"""Read predictions and evaluations."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.canonical import digest
from apps.core.memory import once
from apps.evaluations.enums import EvaluationState
from apps.evaluations.models import Evaluation, PredictionSet
from apps.evaluations.printing import content_of
from apps.jobs.models import Printout
from apps.jobs.printouts import printout_of
from apps.projects.queries import project_ids_for
from apps.registry.models import Version
from apps.registry.queries import production_version_of

#: The kind of the job that makes the validation report.
PRINT = "evaluations.print"


def predictions_for(user: User) -> QuerySet[PredictionSet]:
    """Return the prediction sets of the user's projects, newest first."""
    return (
        PredictionSet.objects.filter(version__model__project__in=project_ids_for(user))
        .select_related("version__model__project", "blob", "uploaded_by")
        .order_by("-id")
    )


def prediction_set_for(user: User, pk: UUID) -> PredictionSet:
    """Load a prediction set; raises Http404 for a stranger."""
    found = predictions_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def evaluations_for(user: User) -> QuerySet[Evaluation]:
    """Return the evaluations of the user's projects, newest first."""
    return (
        Evaluation.objects.filter(version__model__project__in=project_ids_for(user))
        .select_related(
            "version__model__project", "prediction_set", "job", "requested_by", "requested_by__owner"
        )
        .order_by("-id")
    )


def evaluation_for(user: User, pk: UUID) -> Evaluation:
    """Load an evaluation; raises Http404 for a stranger."""
    found = evaluations_for(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def evaluations_of(version: Version) -> QuerySet[Evaluation]:
    """Return the evaluations of a version without their reports, newest first."""
    return version.evaluations.select_related("prediction_set", "job").defer("report").order_by("-id")


@once
def latest_evaluation(version: Version) -> Evaluation | None:
    """Return the newest complete evaluation of a version: the one that counts as evidence."""
    return (
        Evaluation.objects.filter(version=version, state=EvaluationState.COMPLETE)
        .select_related("prediction_set")
        .order_by("-completed_at", "-id")
        .first()
    )


def latest_evaluation_ids(versions: Iterable[Version]) -> dict[UUID, UUID]:
    """Return the newest complete evaluation of each version; one query."""
    newest = (
        Evaluation.objects.filter(version__in=list(versions), state=EvaluationState.COMPLETE)
        .order_by("version", "-completed_at", "-id")
        .distinct("version")
    )
    return dict(newest.values_list("version", "pk"))


def comparable_with(user: User, evaluation: Evaluation) -> QuerySet[Evaluation]:
    """Return the other complete evaluations of the same model, newest first, without their reports."""
    return (
        evaluations_for(user)
        .filter(version__model=evaluation.version.model_id, state=EvaluationState.COMPLETE)
        .exclude(pk=evaluation.pk)
        .defer("report")[:50]
    )


def champion_predictions(evaluation: Evaluation) -> PredictionSet | None:
    """Return the predictions of the version in production to compare with: of the same dataset, else the newest.

    Nothing where there is none, or where it is the evaluated version itself.
    """
    champion = production_version_of(evaluation.version.model)
    if champion is None or champion.pk == evaluation.version_id:
        return None
    sets = champion.prediction_sets.select_related("version").order_by("-id")
    return sets.filter(dataset=evaluation.prediction_set.dataset).first() or sets.first()


def printout_of_report(evaluation: Evaluation) -> Printout | None:
    """Return the PDF of an evaluation, made or being made; None where there is no report, or nobody asked for it."""
    if evaluation.report is None:
        return None
    return printout_of(PRINT, evaluation, digest(content_of(evaluation)))


def report_name(evaluation: Evaluation) -> str:
    """Return what the PDF of an evaluation is called."""
    version = evaluation.version
    return f"validation-{version.model.slug}-v{version.number}-{evaluation.report_digest[:12]}.pdf"
