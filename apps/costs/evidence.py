"""Facts about what a project and a version cost.

None of them moves by the clock alone but at the turn of a month (UTC): ``costs.month`` begins anew then, the forecast
turns to the month that begins, and the reduction compares the month that ended. Within a month they move with the
ledger, the budget and the targets; the forecast reads no day later than the newest entry, so that a day on which
nothing was entered changes nothing.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse

from apps.costs.queries import MonthSummary, month_summary, reduction, target_of, version_figures
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY = [
    Fact("costs.currency", "text", "ISO 4217", "The currency of the project's books."),
    Fact("costs.month", "number", "currency", "What the project spent this calendar month (UTC)."),
    Fact("costs.budget", "number", "currency a month", "The monthly budget."),
    Fact("costs.budget_set", "boolean", "", "A monthly budget is set."),
    Fact("costs.forecast.value", "number", "currency", "What this calendar month will have cost."),
    Fact("costs.forecast.low", "number", "currency", "The lower end of the forecast's interval."),
    Fact("costs.forecast.high", "number", "currency", "The upper end of the forecast's interval."),
    Fact("costs.target.per_1000_predictions", "number", "currency", "The target for 1,000 predictions."),
    Fact("costs.target.reduction_percent", "number", "percent", "By how much a month is to cost less."),
    Fact(
        "costs.reduction_percent",
        "number",
        "percent",
        "By how much the last whole month cost less than its base.",
    ),
    Fact("costs.version_total", "number", "currency", "Everything spent on this version."),
    Fact("costs.per_1000_predictions", "number", "currency", "Inference cost per 1,000 predictions."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts; amounts are rounded to four decimals."""
    project = version.model.project
    summary, target = month_summary(project), target_of(project)
    total, per_thousand = version_figures(version.pk)
    return {
        "costs": {
            "currency": summary.currency or None,
            "month": _number(summary.actual),
            "budget": _number(summary.budget),
            "budget_set": summary.budget is not None,
            "forecast": _forecast(summary),
            "target": {
                "per_1000_predictions": _number(target.per_1000_predictions) if target else None,
                "reduction_percent": _number(target.reduction_percent) if target else None,
            },
            "reduction_percent": _number(reduction(project, target)),
            "version_total": _number(total),
            "per_1000_predictions": _number(per_thousand),
        }
    }


def _forecast(summary: MonthSummary) -> dict[str, float | None]:
    return {name: _number(getattr(summary.forecast, name, None)) for name in ("value", "low", "high")}


def _number(amount: Decimal | float | None) -> float | None:
    return None if amount is None else round(float(amount), 4)


def sources(version: Any) -> list[Source]:
    """Return the page of the project's costs."""
    return [Source("costs", "Costs", reverse("costs:project", args=[version.model.project.slug]))]
