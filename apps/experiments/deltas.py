"""How far a run is from the baseline of its experiment (M3.1). Asks nothing of the database."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from apps.experiments.models import Experiment


@dataclass(frozen=True)
class Delta:
    """A value beside the baseline, both on the metric's scale.

    ``difference`` is value − baseline; ``gain`` has its sign turned where lower is better, so that more is better
    always; ``relative`` is the gain as a share of the baseline's size, None for a baseline of 0.
    """

    value: float
    baseline: float
    gain: float

    @property
    def difference(self) -> float:
        return self.value - self.baseline

    @property
    def relative(self) -> float | None:
        share = self.gain / abs(self.baseline) if self.baseline else math.inf
        return share if math.isfinite(share) else None

    @property
    def state(self) -> str:
        """better, worse or same."""
        return "better" if self.gain > 0 else "worse" if self.gain < 0 else "same"


def delta_of(experiment: Experiment, value: float | None) -> Delta | None:
    """Return the delta of a value of the primary metric; None without both, or where they are too far apart for a number."""
    if value is None or experiment.baseline is None:
        return None
    apart = value - experiment.baseline
    if not math.isfinite(apart):
        return None
    return Delta(value, experiment.baseline, apart if experiment.higher_is_better else -apart)


def run_delta(experiment: Experiment, metrics: Mapping[str, float]) -> Delta | None:
    """Return the delta of a run with these metrics."""
    return delta_of(experiment, metrics.get(experiment.primary_metric))
