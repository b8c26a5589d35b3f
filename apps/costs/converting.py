"""What an amount is worth in the currency of a project's books on a day (M10.3)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from apps.core.errors import Invalid
from apps.costs.models import Budget, CostEntry, Rate
from apps.projects.models import Project


@dataclass(frozen=True)
class Conversion:
    """The factor from one currency to another, and the row it comes from; None within one currency."""

    value: Decimal
    rate: Rate | None


SAME = Conversion(Decimal(1), None)


def books_currency(project: Project) -> str:
    """Return the currency that a project keeps its books in: the budget's, else the first entry's; "" before either."""
    budget = Budget.objects.filter(project=project).values_list("currency", flat=True).first()
    return budget or first_currency(project)


def first_currency(project: Project) -> str:
    """Return the currency of the ledger's first entry; "" of an empty ledger."""
    entries = CostEntry.objects.filter(project=project).order_by("id")
    return entries.values_list("currency", flat=True).first() or ""


class Rates:
    """The rates into one currency; those of each currency are read once, however many amounts are converted."""

    def __init__(self, per: str) -> None:
        self.per = per
        self._known: dict[str, list[Rate]] = {}

    def on(self, currency: str, day: datetime.date) -> Conversion:
        """Return the newest rate at or before ``day``; raises Invalid that says which is missing."""
        found = self.find(currency, day)
        if found is None:
            raise Invalid(
                f"There is no rate from {currency} to {self.per} for {day:%Y-%m-%d} or before. An administrator enters "
                "it under “Exchange rates”; then send this again.",
                code="rate_missing",
                field="currency",
            )
        return found

    def find(self, currency: str, day: datetime.date) -> Conversion | None:
        """Return the newest rate at or before ``day``, or None."""
        if currency == self.per:
            return SAME
        if currency not in self._known:
            rates = Rate.objects.filter(currency=currency, per=self.per)
            self._known[currency] = list(rates.order_by("-valid_from", "-id"))
        rate = next((one for one in self._known[currency] if one.valid_from <= day), None)
        return Conversion(rate.value, rate) if rate else None
