"""The cost ledger of a project, its monthly budget and targets, and the rates that currencies are converted by."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round

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


class Rate(Row):
    """From a day on, one unit of ``currency`` is worth ``value`` units of ``per``. A mistake is mended by a newer row.

    The newest day at or before an entry's counts; of two rows for one day, the one that was entered last.
    """

    currency = CurrencyField()
    per = CurrencyField()
    value = models.DecimalField(max_digits=20, decimal_places=10)
    valid_from = models.DateField()
    source = models.CharField(max_length=200)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY_PATTERN, per__regex=CURRENCY_PATTERN)
                & ~Q(currency=F("per")),
                name="costs_rate_two_currencies",
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="costs_rate_positive"),
        ]
        indexes = [models.Index(fields=["currency", "per", "-valid_from", "-id"], name="costs_rate_newest")]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.value.normalize():f} {self.per} from {self.valid_from:%Y-%m-%d}"


class CostEntry(Row):
    """One amount spent on one day; corrected by an entry that reverses it, never edited.

    ``amount`` and ``currency`` stand as they were entered; ``rate_value`` converts them, and the database itself
    multiplies, so that ``books_amount`` is always in the currency of the project's books. ``reference`` is the
    sender's own name for the entry: the same one is entered once. An amount is negative in a reversal alone.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="cost_entries")
    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, null=True, blank=True, related_name="cost_entries"
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="cost_entries")
    kind = models.CharField(max_length=40, choices=CostKind)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    currency = CurrencyField()
    rate = models.ForeignKey(Rate, on_delete=models.PROTECT, null=True, related_name="+")
    rate_value = models.DecimalField(max_digits=20, decimal_places=10, default=1)
    books_amount = models.GeneratedField(
        expression=Round(F("amount") * F("rate_value"), precision=4),
        output_field=models.DecimalField(max_digits=24, decimal_places=4),
        db_persist=True,
    )
    spent_on = models.DateField()
    units = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Predictions served, for inference costs."
    )
    description = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversal"
    )
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CostKind.values), name="costs_entry_kind_known"),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY_PATTERN), name="costs_entry_currency_form"
            ),
            models.CheckConstraint(condition=Q(rate_value__gt=0), name="costs_entry_rate_positive"),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(reverses__isnull=False), name="costs_entry_negative_reverses"
            ),
            models.UniqueConstraint(
                fields=["project", "reference"],
                condition=~Q(reference=""),
                name="costs_entry_reference_once",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-spent_on"], name="costs_entry_by_day"),
            models.Index(
                fields=["project", "spent_on"], include=["kind", "books_amount"], name="costs_entry_sums"
            ),
        ]

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


class Target(Governed):
    """What a project wants its costs to become, in the currency of its books; each part may be left open.

    ``per_1000_predictions`` bounds the inference cost of a thousand predictions. ``reduction_percent`` is how much
    less a month is to cost than ``reduction_from``, the first day of the month it is compared with.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="cost_target")
    per_1000_predictions = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    reduction_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    reduction_from = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(per_1000_predictions__isnull=True) | Q(per_1000_predictions__gt=0),
                name="costs_target_per_1000_positive",
            ),
            models.CheckConstraint(
                condition=Q(reduction_percent__isnull=True, reduction_from__isnull=True)
                | Q(
                    reduction_percent__isnull=False,
                    reduction_percent__gt=0,
                    reduction_percent__lt=100,
                    reduction_from__isnull=False,
                    reduction_from__day=1,
                ),
                name="costs_target_reduction_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"the cost targets of {self.project.name}"
