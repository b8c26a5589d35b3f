"""What a policy advises for an experiment or a run: hints, and the entries of guides that fit."""

from typing import Any

from apps.experiments.models import Experiment, Run
from apps.policies.method.experiments import Hint
from apps.policies.method.guides import Advice
from apps.policies.queries import advice_on, pack_of
from apps.projects.enums import DataRole
from apps.projects.models import Project
from apps.projects.queries import brief_of, datasets_of


def hints_of(run: Run, project: Project) -> tuple[Hint, ...]:
    """Return the hints on a run's hyperparameters (M3.3), by the policy of its ``project``."""
    part = pack_of(project.policy_revision).method.experiments
    return part.hints(run.model_type, run.params)


def advice_for(experiment: Experiment, place: str) -> tuple[Advice, ...]:
    """Return the entries that fit the experiment's task and data size, for the page called ``place``."""
    return advice_on(experiment.project.policy_revision, place, situation_of(experiment))


def situation_of(experiment: Experiment) -> dict[str, Any]:
    """Return the facts by which entries are chosen: three queries."""
    brief = brief_of(experiment.project)
    training = datasets_of(experiment.project).filter(role=DataRole.TRAIN)
    return {
        "brief": {"task": (brief.task if brief else "") or None},
        "experiment": {
            "data_kind": experiment.data_kind,
            "runs": experiment.runs.active().count(),
            "rows": training.values_list("row_count", flat=True).first(),
        },
    }
