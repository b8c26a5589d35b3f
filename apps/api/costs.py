"""The ledger, the budget and the targets."""

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FileIn, Input, Number, Output, Text, answer, asked_version
from apps.api.digests import CONTENT_DIGEST
from apps.costs import queries, services
from apps.costs.amounts import MOST_UNITS
from apps.costs.enums import CostKind
from apps.costs.importing import Sheet
from apps.experiments.queries import run_for
from apps.projects.queries import project_by_id_for
from apps.registry.queries import version_for


class CostIn(Input):
    kind = serializers.ChoiceField(choices=CostKind.choices)
    amount = Number(max_digits=14, decimal_places=4)
    currency = Text(max_length=40)
    spent_on = serializers.DateField()
    version = serializers.UUIDField(required=False)
    run = serializers.UUIDField(required=False)
    units = serializers.IntegerField(required=False, min_value=0, max_value=MOST_UNITS)
    description = Text(required=False, max_length=300)
    source = Text(required=False, max_length=60)  # type: ignore[assignment]
    reference = Text(
        required=False, max_length=120, help_text="the sender's own name for the entry, which is entered once"
    )


class CostOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    amount = serializers.DecimalField(max_digits=14, decimal_places=4)
    currency = serializers.CharField()
    books_amount = serializers.DecimalField(
        max_digits=24, decimal_places=4, help_text="in the currency of the project's books"
    )
    rate = serializers.DecimalField(
        max_digits=20, decimal_places=10, source="rate_value", help_text="that the amount was multiplied with"
    )
    spent_on = serializers.DateField()
    version = serializers.UUIDField(source="version_id", allow_null=True)
    run = serializers.UUIDField(source="run_id", allow_null=True)
    units = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    reference = serializers.CharField()
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)


class Costs(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=CostOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the entries of the ledger, newest first."""
        return self.page(queries.entries_of(project_by_id_for(self.user, pk)), CostOut)

    @extend_schema(request=CostIn, responses={201: CostOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Enter an amount. With a reference that the ledger holds, the entry that is there is the answer."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(CostIn)
        if "version" in fields:
            fields["version"] = version_for(self.user, fields["version"])
        if "run" in fields:
            fields["run"] = run_for(self.user, fields["run"])
        return answer(CostOut, services.record_cost(project, by=self.user, **fields), status=201)


class CostOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=CostOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return one entry of a ledger."""
        return answer(CostOut, queries.entry_for(self.user, pk))


class CostReversalIn(Input):
    reason = Text(max_length=300)


class CostReversal(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=CostReversalIn, responses={201: CostOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Take an entry back by one of the negative amount, which is the answer."""
        entry = queries.entry_for(self.user, pk)
        return answer(
            CostOut, services.reverse_cost(entry, by=self.user, **self.read(CostReversalIn)), status=201
        )


class CostAttributionIn(Input):
    version = serializers.UUIDField(required=False)
    run = serializers.UUIDField(required=False)


class CostAttribution(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=CostAttributionIn, responses={201: CostOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Say what an entry was for: it is reversed, and the answer is the new one with version and run."""
        entry = queries.entry_for(self.user, pk)
        fields = self.read(CostAttributionIn)
        if "version" in fields:
            fields["version"] = version_for(self.user, fields["version"])
        if "run" in fields:
            fields["run"] = run_for(self.user, fields["run"])
        return answer(CostOut, services.attribute_cost(entry, by=self.user, **fields), status=201)


class CostsFileIn(FileIn):
    file = serializers.FileField(
        help_text="CSV in UTF-8: spent_on, kind, amount, currency, and if you like model, version, run, units, "
        "description, reference"
    )


class CostsImportedOut(Output):
    entries = serializers.SerializerMethodField()
    skipped = serializers.IntegerField(
        help_text="rows whose reference stood in the ledger already, saying the same"
    )
    total = serializers.DecimalField(max_digits=24, decimal_places=4)
    currency = serializers.CharField(help_text="of the project's books")
    sha256 = serializers.CharField(source="digest")

    def get_entries(self, sheet: Sheet) -> int:
        """Return how many rows were entered."""
        return len(sheet.entries)


class CostsImport(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser]

    @extend_schema(request=CostsFileIn, responses={201: CostsImportedOut}, parameters=[CONTENT_DIGEST])
    def post(self, request: Request, pk: UUID) -> Response:
        """Enter all rows of a CSV file, or none; a 422 names each fault by its row."""
        project = project_by_id_for(self.user, pk)
        stream = self.read(CostsFileIn)["file"].file
        return answer(
            CostsImportedOut, services.import_costs(project, stream=stream, by=self.user), status=201
        )


class ForecastOut(Output):
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    level = serializers.FloatField(help_text="coverage of the interval")
    days = serializers.IntegerField(help_text="that were looked at")


class KindTotalOut(Output):
    kind = serializers.CharField()
    amount = serializers.DecimalField(max_digits=24, decimal_places=4)


class MonthTotalOut(Output):
    month = serializers.CharField(help_text="such as 2026-01")
    amount = serializers.DecimalField(max_digits=24, decimal_places=4)


class CostShareOut(Output):
    id = serializers.UUIDField()
    title = serializers.CharField()
    amount = serializers.DecimalField(max_digits=24, decimal_places=4)
    per_1000_predictions = serializers.FloatField(source="per_1000", allow_null=True)


class CostMoveOut(Output):
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.DecimalField(max_digits=24, decimal_places=4)
    now = serializers.DecimalField(max_digits=24, decimal_places=4)


class CostSummaryOut(Output):
    """All amounts are in ``currency``, that of the project's books."""

    month = serializers.CharField(help_text="such as 2026-01, in UTC")
    currency = serializers.CharField()
    actual = serializers.DecimalField(max_digits=24, decimal_places=4)
    budget = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    forecast = ForecastOut(allow_null=True)
    newest_entry = serializers.DateField(allow_null=True)
    by_kind = KindTotalOut(many=True)
    by_month = MonthTotalOut(many=True)
    versions = CostShareOut(many=True)
    runs = CostShareOut(many=True)
    experiments = CostShareOut(many=True)
    movers = CostMoveOut(many=True)
    unassigned = serializers.DecimalField(max_digits=24, decimal_places=4)
    per_1000_predictions = serializers.FloatField(allow_null=True)


class CostSummary(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=CostSummaryOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return this month with its forecast, and what months, kinds, versions, runs and experiments cost."""
        project = project_by_id_for(self.user, pk)
        summary = queries.month_summary(project)
        sums = queries.sums_of(project)
        months = [{"month": f"{month:%Y-%m}", "amount": total} for month, total in sums.months]
        parts = ("versions", "runs", "experiments", "movers", "unassigned")
        return answer(
            CostSummaryOut,
            {
                "month": f"{summary.month:%Y-%m}",
                **{name: getattr(summary, name) for name in ("currency", "actual", "budget", "forecast")},
                **{name: getattr(sums.figures, name) for name in parts},
                "newest_entry": summary.newest,
                "by_kind": summary.by_kind,
                "by_month": months,
                "per_1000_predictions": sums.figures.per_1000,
            },
        )


class BudgetIn(Input):
    monthly_amount = Number(max_digits=14, decimal_places=2)
    currency = Text(max_length=40)


class BudgetOut(Output):
    monthly_amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    currency = serializers.CharField()


class BudgetOne(Endpoint):
    scopes = {"GET": Scope.READ, "PUT": Scope.EVIDENCE}

    @extend_schema(responses=BudgetOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the monthly budget."""
        budget = queries.budget_of(project_by_id_for(self.user, pk))
        if budget is None:
            raise Http404
        return answer(BudgetOut, budget)

    @extend_schema(request=BudgetIn, responses=BudgetOut)
    def put(self, request: Request, pk: UUID) -> Response:
        """Set the monthly budget, in the currency of the project's books."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(BudgetIn)
        done = services.set_budget(project, by=self.user, expect=asked_version(request), **fields)
        return answer(BudgetOut, done)


class CostTargetsIn(Input):
    per_1000_predictions = Number(max_digits=14, decimal_places=6, required=False, allow_null=True)
    reduction_percent = Number(max_digits=5, decimal_places=2, required=False, allow_null=True)
    reduction_from = serializers.DateField(
        required=False, allow_null=True, help_text="any day of the month to compare with"
    )


class CostTargetsOut(Output):
    per_1000_predictions = serializers.DecimalField(max_digits=14, decimal_places=6, allow_null=True)
    reduction_percent = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    reduction_from = serializers.DateField(allow_null=True)


class CostTargets(Endpoint):
    scopes = {"GET": Scope.READ, "PUT": Scope.EVIDENCE}

    @extend_schema(responses=CostTargetsOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return what the project wants its costs to become."""
        target = queries.target_of(project_by_id_for(self.user, pk))
        if target is None:
            raise Http404
        return answer(CostTargetsOut, target)

    @extend_schema(request=CostTargetsIn, responses=CostTargetsOut)
    def put(self, request: Request, pk: UUID) -> Response:
        """Set the targets; what is left out has none."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(CostTargetsIn)
        done = services.set_targets(project, by=self.user, expect=asked_version(request), **fields)
        return answer(CostTargetsOut, done)
