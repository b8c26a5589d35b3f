"""The calculators for one project: its policy's levers and prices, its ledger's costs, its books' currency."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.core.errors import Invalid
from apps.costs import queries
from apps.costs.calculating import Chosen, GpuEstimate, Savings, savings
from apps.costs.converting import Rates, books_currency
from apps.costs.enums import CostKind
from apps.costs.figures import INFERENCE, monthly_inference
from apps.policies.method.costs import Gpu, Lever
from apps.policies.queries import pack_of
from apps.projects.models import Project

#: The kinds of cost that levers apply to.
INFERENCE_KINDS = tuple(kind for kind in CostKind if kind.value.startswith(INFERENCE))


def levers_of(project: Project) -> tuple[Lever, ...]:
    """Return the levers that the project's policy lists."""
    return pack_of(project.policy_revision).method.costs.levers


def gpus_of(project: Project) -> tuple[Gpu, ...]:
    """Return the tasks, and what they need, that the project's policy lists."""
    return pack_of(project.policy_revision).method.costs.gpus


def known_costs(project: Project) -> dict[str, Decimal]:
    """Return the monthly inference cost by kind as the ledger knows it: the last whole month's, else this month's."""
    return monthly_inference(project, month=queries.today().replace(day=1))


def estimate_savings(
    project: Project, *, chosen: Sequence[tuple[str, float | None]], costs: Mapping[str, float] | None = None
) -> Savings:
    """Return what levers, named by key with the percentage they touch, would save of ``costs``, or of the ledger's.

    Raises Invalid for a lever that the policy does not list, and for alternatives chosen together.
    """
    known = {one.key: one for one in levers_of(project)}
    picked = []
    for key, share in chosen:
        if key not in known:
            raise Invalid(
                f"The policy lists no lever “{key[:40]}”. It lists {', '.join(known) or 'none'}.",
                code="unknown_lever",
                field="levers",
            )
        picked.append(Chosen(known[key], known[key].share if share is None else share))
    spent = {kind: float(cost) for kind, cost in known_costs(project).items()} if costs is None else costs
    return savings(spent, picked)


@dataclass(frozen=True)
class InBooks:
    """An estimate in the currency of a project's books; the amounts are None where no rate is known.

    ``rate`` says the rate that was used, or which is missing; "" where the price is in that currency.
    """

    estimate: GpuEstimate
    currency: str
    run: float | None
    month: float | None
    rate: str


def estimate_gpu(
    project: Project, *, option: str, hours_per_run: float, runs_per_month: float, cards: int = 1
) -> InBooks:
    """Return what a task costs for a run and a month; raises Invalid for one that the policy does not list."""
    known = {one.key: one for one in gpus_of(project)}
    if option not in known:
        raise Invalid(
            f"The policy lists no task “{option[:40]}”. It lists {', '.join(known) or 'none'}.",
            code="unknown_gpu",
            field="option",
        )
    estimate = GpuEstimate(known[option], hours_per_run, runs_per_month, cards)
    price_in = estimate.gpu.currency
    currency = books_currency(project) or price_in
    return _in(currency, estimate, queries.today())


def _in(currency: str, estimate: GpuEstimate, day: datetime.date) -> InBooks:
    price_in = estimate.gpu.currency
    found = Rates(currency).find(price_in, day)
    if found is None:
        missing = f"There is no rate from {price_in} to {currency}; an administrator enters it under “Exchange rates”."
        return InBooks(estimate, currency, None, None, missing)
    factor = float(found.value)
    said = f"{found.rate}, {found.rate.source}" if found.rate else ""
    return InBooks(estimate, currency, estimate.run * factor, estimate.month * factor, said)
