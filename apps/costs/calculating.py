"""What levers would save, and what a task costs on a GPU (M6.5, M10.1, M10.2). No Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.core.errors import Invalid
from apps.policies.method.costs import Gpu, Lever


@dataclass(frozen=True)
class Chosen:
    """A lever and the percentage, 0 to 100, of the cost of its kinds that it touches."""

    lever: Lever
    share: float


@dataclass(frozen=True)
class Saving:
    """What one lever saves by itself, or all together, a month; amounts in the currency of the costs."""

    title: str
    cost: float
    low: float
    high: float
    lever: Lever | None = None
    share: float = 100

    @property
    def left_most(self) -> float:
        """The cost that is left in the worse case."""
        return self.cost - self.low

    @property
    def left_least(self) -> float:
        """The cost that is left in the better case."""
        return self.cost - self.high


@dataclass(frozen=True)
class Savings:
    """Each lever by itself, and all of them together."""

    each: tuple[Saving, ...]
    together: Saving


def savings(costs: Mapping[str, float], chosen: Sequence[Chosen]) -> Savings:
    """Return what levers save of the monthly ``costs`` by kind.

    A lever leaves ``1 − share · saving`` of each kind of cost that it applies to. Together the parts that are left are
    multiplied, as each lever works on what the others leave; that holds where they do not hinder one another.
    Raises Invalid for two that are alternatives.
    """
    keys = {one.lever.key: one.lever for one in chosen}
    for lever in keys.values():
        for other in lever.excludes:
            if other in keys:
                raise Invalid(
                    f"“{lever.title}” and “{keys[other].title}” are alternatives; choose one of them.",
                    code="levers_exclude",
                    field="levers",
                )
    total = sum(costs.values())
    each = tuple(_one(costs, one) for one in chosen)
    left_most = sum(cost * _left(kind, chosen, high=False) for kind, cost in costs.items())
    left_least = sum(cost * _left(kind, chosen, high=True) for kind, cost in costs.items())
    return Savings(each, Saving("Together", total, total - left_most, total - left_least))


def _one(costs: Mapping[str, float], one: Chosen) -> Saving:
    touched = sum(cost for kind, cost in costs.items() if kind in one.lever.applies) * one.share / 100
    cost = sum(costs.values())
    return Saving(
        one.lever.title, cost, touched * one.lever.low, touched * one.lever.high, one.lever, one.share
    )


def _left(kind: str, chosen: Sequence[Chosen], *, high: bool) -> float:
    left = 1.0
    for one in chosen:
        if kind in one.lever.applies:
            left *= 1 - one.share / 100 * (one.lever.high if high else one.lever.low)
    return left


@dataclass(frozen=True)
class GpuEstimate:
    """What a run and a month cost, in the currency of the price."""

    gpu: Gpu
    hours_per_run: float
    runs_per_month: float
    cards: int

    @property
    def run(self) -> float:
        """The price of one run."""
        return self.gpu.price_per_hour * self.hours_per_run * self.cards

    @property
    def month(self) -> float:
        """The price of a month's runs."""
        return self.run * self.runs_per_month
