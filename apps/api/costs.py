"""The ledger and the budget."""

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Text, answer
from apps.costs import queries, services
from apps.costs.enums import CostKind
from apps.costs.importing import Sheet
from apps.costs.models import Budget
from apps.experiments.queries import run_for
from apps.projects.queries import project_by_id_for
from apps.registry.queries import version_for


class CostIn(Input):
    kind = serializers.ChoiceField(choices=CostKind.choices)
    amount = serializers.DecimalField(max_digits=14, decimal_places=4)
    currency = Text(max_length=3)
    spent_on = serializers.DateField()
    version = serializers.UUIDField(required=False)
    run = serializers.UUIDField(required=False)
    units = serializers.IntegerField(required=False, min_value=0, max_value=10**15)
    description = Text(required=False, max_length=300)
    source = Text(required=False, max_length=60)  # type: ignore[assignment]


class CostOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    amount = serializers.DecimalField(max_digits=14, decimal_places=4)
    currency = serializers.CharField()
    spent_on = serializers.DateField()
    version = serializers.UUIDField(source="version_id", allow_null=True)
    run = serializers.UUIDField(source="run_id", allow_null=True)
    units = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class Costs(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=CostOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the entries of the ledger, newest first."""
        return self.page(queries.entries_of(project_by_id_for(self.user, pk)), CostOut)

    @extend_schema(request=CostIn, responses={201: CostOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Enter an amount; a mistake is corrected by a second entry."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(CostIn)
        if "version" in fields:
            fields["version"] = version_for(self.user, fields["version"])
        if "run" in fields:
            fields["run"] = run_for(self.user, fields["run"])
        return answer(CostOut, services.record_cost(project, by=self.user, **fields), status=201)


class CostsFileIn(Input):
    file = serializers.FileField(
        help_text="CSV in UTF-8: spent_on, kind, amount, currency, and if you like model, version, run, units, description"
    )


class CostsImportedOut(Output):
    entries = serializers.SerializerMethodField()
    total = serializers.DecimalField(max_digits=18, decimal_places=4)
    currency = serializers.CharField()
    sha256 = serializers.CharField(source="digest")

    def get_entries(self, sheet: Sheet) -> int:
        """Return how many rows were entered."""
        return len(sheet.entries)


class CostsImport(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser]

    @extend_schema(request=CostsFileIn, responses={201: CostsImportedOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Enter all rows of a CSV file, or none; a 422 names each fault by its row."""
        project = project_by_id_for(self.user, pk)
        stream = self.read(CostsFileIn)["file"].file
        return answer(
            CostsImportedOut, services.import_costs(project, stream=stream, by=self.user), status=201
        )


class BudgetIn(Input):
    monthly_amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    currency = Text(max_length=3)


class BudgetOut(Output):
    monthly_amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    currency = serializers.CharField()


class BudgetOne(Endpoint):
    scopes = {"GET": Scope.READ, "PUT": Scope.EVIDENCE}

    @extend_schema(responses=BudgetOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the monthly budget."""
        budget = Budget.objects.filter(project=project_by_id_for(self.user, pk)).first()
        if budget is None:
            raise Http404
        return answer(BudgetOut, budget)

    @extend_schema(request=BudgetIn, responses=BudgetOut)
    def put(self, request: Request, pk: UUID) -> Response:
        """Set the monthly budget."""
        project = project_by_id_for(self.user, pk)
        return answer(BudgetOut, services.set_budget(project, by=self.user, **self.read(BudgetIn)))
