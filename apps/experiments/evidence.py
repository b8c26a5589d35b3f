"""Facts about the run that a version came from."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

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
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the version's run; without a run there are none."""
    run = version.run
    if run is None:
        return {}
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
            "metrics": latest_metrics([run.pk]).get(run.pk, {}),
        }
    }


def sources(version: Any) -> list[Source]:
    """Return the page of the version's run."""
    if version.run_id is None:
        return []
    return [Source("run", "Run", reverse("experiments:run", args=[version.run_id]))]
