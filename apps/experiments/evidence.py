"""Facts about the run that a version came from."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.experiments.advice import hints_of
from apps.experiments.deltas import run_delta
from apps.experiments.queries import latest_metrics
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.projects.enums import DataRole

VOCABULARY = [
    Fact("run.id", "text", "", "The run that made the version."),
    Fact("run.state", "text", "", "How the run ended."),
    Fact("run.seed", "integer", "", "The seed of the run."),
    Fact("run.params_logged", "integer", "parameters", "How many parameters the run logged."),
    Fact("run.features", "integer", "features", "How many features the run named."),
    Fact("run.dataset_recorded", "boolean", "", "The run names the version of its training data."),
    Fact("run.model_type", "text", "", "What kind of model the run trained."),
    Fact("run.tags.<name>", "text", "", "A tag of the run, for example approach or accelerator."),
    Fact("run.metrics.<name>", "number", "", "A metric that the run logged; the latest value."),
    Fact("run.training_seconds", "number", "seconds", "How long the run took."),
    Fact("run.hints", "integer", "hints", "How many hyperparameters are outside their usual range."),
    Fact(
        "run.delta_over_baseline",
        "number",
        "",
        "The primary metric against the experiment's baseline; more is better, also where lower values are.",
    ),
    Fact("experiment.key", "text", "", "The experiment of the run."),
    Fact("experiment.verdict", "text", "", "Its verdict: open, promoted, archived or iterate."),
    Fact("experiment.has_hypothesis", "boolean", "", "It says what it tries to show."),
    Fact("experiment.primary_metric", "text", "", "The one metric that decides."),
    Fact("experiment.baseline", "number", "", "The primary metric of what a model must beat."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the version's run; without a run there are none."""
    run = version.run
    if run is None:
        return {}
    experiment = run.experiment
    metrics = latest_metrics([run.pk]).get(run.pk, {})
    delta = run_delta(experiment, metrics)
    return {
        "run": {
            "id": str(run.pk),
            "state": run.state,
            "seed": run.seed,
            "model_type": run.model_type,
            "tags": {str(name): str(value) for name, value in run.tags.items()},
            "params_logged": len(run.params),
            "features": len(run.features),
            "dataset_recorded": run.datasets.filter(role=DataRole.TRAIN).exists(),
            "metrics": metrics,
            "training_seconds": run.training_seconds,
            "hints": len(hints_of(run, version.model.project)),
            "delta_over_baseline": delta.gain if delta else None,
        },
        "experiment": {
            "key": experiment.key,
            "verdict": experiment.verdict,
            "has_hypothesis": bool(experiment.hypothesis),
            "primary_metric": experiment.primary_metric or None,
            "baseline": experiment.baseline,
        },
    }


def sources(version: Any) -> list[Source]:
    """Return the page of the version's run."""
    if version.run_id is None:
        return []
    experiment = reverse("experiments:experiment", args=[version.run.experiment_id])
    return [
        Source("run", "Run", reverse("experiments:run", args=[version.run_id])),
        Source("experiment", "Experiment", experiment),
    ]
