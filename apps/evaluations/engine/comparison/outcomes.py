"""One figure of both models with its difference, and what that shows."""

from dataclasses import dataclass
from typing import Any

from apps.evaluations.engine import LOWER_IS_BETTER
from apps.evaluations.engine.figures import Figure, rounded, undefined, verdict_of

#: Figures without a scale of their own, whose margin is a share of the champion's figure.
WITH_UNIT = ("mae", "rmse", "dcg@", "rating", "latency_mean", "cost_per_query", "bleu", "chrf")


@dataclass(frozen=True)
class Compared:
    """A figure of both, and the challenger's less the champion's; neither where they are not comparable."""

    metric: str
    challenger: float | None
    champion: float | None
    difference: Figure
    p: float | None
    test: str

    def to_json(self, margin: float) -> dict[str, Any]:
        """Return plain JSON with the verdicts; ``margin`` is how much worse still counts as not inferior."""
        gain = self.gain
        return {
            "metric": self.metric,
            "challenger": rounded(self.challenger),
            "champion": rounded(self.champion),
            "difference": self.difference.to_json(),
            "p": rounded(self.p),
            "test": self.test,
            "verdict": verdict_of(gain),
            "non_inferior": _non_inferior(gain, self.margin(margin)),
        }

    @property
    def gain(self) -> Figure:
        """The difference, above 0 where the challenger is better."""
        gap = self.difference
        if self.metric not in LOWER_IS_BETTER or gap.value is None or gap.low is None or gap.high is None:
            return gap
        return Figure(-gap.value, -gap.high, -gap.low)

    def margin(self, margin: float) -> float:
        """Return the margin on the scale of the figure."""
        if not self.metric.startswith(WITH_UNIT) or self.champion is None:
            return margin
        return margin * abs(self.champion)


def incomparable(metric: str, reason: str, *, n: float = 0) -> Compared:
    """Return a figure that is not compared, and why."""
    return Compared(metric, None, None, undefined(reason, n=n), None, "none: it does not apply")


def _non_inferior(gain: Figure, margin: float) -> str:
    """Return whether the whole interval lies above the margin, below it, or on both sides."""
    if gain.low is None or gain.high is None:
        return "not enough evidence"
    return "yes" if gain.low > -margin else "no" if gain.high < -margin else "not enough evidence"
