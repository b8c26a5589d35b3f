"""Facts about what a project and a version cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.urls import reverse

from apps.costs.queries import month_summary, version_figures
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY = [
    Fact("costs.currency", "text", "ISO 4217", "The currency of the project's books."),
    Fact("costs.month", "number", "currency", "What the project spent this calendar month (UTC)."),
    Fact("costs.budget", "number", "currency a month", "The monthly budget."),
    Fact("costs.budget_set", "boolean", "", "A monthly budget is set."),
    Fact("costs.version_total", "number", "currency", "Everything spent on this version."),
    Fact("costs.per_1000_predictions", "number", "currency", "Inference cost per 1,000 predictions."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts; amounts are rounded to four decimals."""
    summary = month_summary(version.model.project)
    total, per_thousand = version_figures(version.pk)
    return {
        "costs": {
            "currency": summary.currency or None,
            "month": _number(summary.actual),
            "budget": _number(summary.budget),
            "budget_set": summary.budget is not None,
            "version_total": _number(total),
            "per_1000_predictions": _number(per_thousand),
        }
    }


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else round(float(amount), 4)


def sources(version: Any) -> list[Source]:
    """Return the page of the project's costs."""
    return [Source("costs", "Costs", reverse("costs:project", args=[version.model.project.slug]))]
