"""The cost ledger of a project, and its monthly budget."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Governed, Row
from apps.costs.enums import CostKind
from apps.experiments.models import Run
from apps.projects.models import Project
from apps.registry.models import Version

CURRENCY_PATTERN = r"^[A-Z]{3}$"


class CurrencyField(models.CharField):
    """An ISO 4217 code."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs["max_length"] = 3
        kwargs.setdefault("validators", [RegexValidator(CURRENCY_PATTERN)])
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


class CostEntry(Row):
    """One amount spent on one day; corrected by a second entry, never edited."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="cost_entries")
    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, null=True, blank=True, related_name="cost_entries"
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="cost_entries")
    kind = models.CharField(max_length=40, choices=CostKind)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    currency = CurrencyField()
    spent_on = models.DateField()
    units = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Predictions served, for inference costs."
    )
    description = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=60, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CostKind.values), name="costs_entry_kind_known"),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY_PATTERN), name="costs_entry_currency_form"
            ),
        ]
        indexes = [models.Index(fields=["project", "-spent_on"], name="costs_entry_by_day")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.get_kind_display()}"


class Budget(Governed):
    """What a project may spend in a calendar month (UTC)."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="budget")
    monthly_amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = CurrencyField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(monthly_amount__gt=0), name="costs_budget_positive"),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY_PATTERN), name="costs_budget_currency_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monthly_amount} {self.currency} a month"
