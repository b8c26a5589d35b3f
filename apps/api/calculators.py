"""Exchange rates, and the calculators of costs."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FileIn, FiniteFloatField, Input, Number, Output, Person, Text, answer
from apps.api.digests import CONTENT_DIGEST
from apps.costs import estimating, queries, services
from apps.costs.estimating import INFERENCE_KINDS
from apps.projects.queries import project_by_id_for


class RateIn(Input):
    currency = Text(max_length=40)
    per = Text(max_length=40, help_text="the currency of a project's books")
    value = Number(
        max_digits=20, decimal_places=10, help_text="what one unit of the first is worth in the second"
    )
    valid_from = serializers.DateField()
    source = Text(max_length=200, help_text="where the rate is from")  # type: ignore[assignment]


class RateOut(Output):
    id = serializers.UUIDField()
    currency = serializers.CharField()
    per = serializers.CharField()
    value = serializers.DecimalField(max_digits=20, decimal_places=10)
    valid_from = serializers.DateField()
    source = serializers.CharField()  # type: ignore[assignment]
    entered_by = Person()


class Rates(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=RateOut(many=True))
    def get(self, request: Request) -> Response:
        """List the exchange rates, newest day first; they hold for every project."""
        return self.page(queries.rates(), RateOut)

    @extend_schema(request=RateIn, responses={201: RateOut})
    def post(self, request: Request) -> Response:
        """Enter a rate. Takes an administrator of the site."""
        return answer(RateOut, services.enter_rate(by=self.user, **self.read(RateIn)), status=201)


class RatesFileIn(FileIn):
    file = serializers.FileField(help_text="CSV in UTF-8: currency, per, value, valid_from, source")


class RatesImportedOut(Output):
    entered = serializers.IntegerField(help_text="rates that were not known word for word")


class RatesImport(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser]

    @extend_schema(request=RatesFileIn, responses={201: RatesImportedOut}, parameters=[CONTENT_DIGEST])
    def post(self, request: Request) -> Response:
        """Enter all rates of a CSV file, or none. Takes an administrator of the site."""
        new = services.import_rates(stream=self.read(RatesFileIn)["file"].file, by=self.user)
        return answer(RatesImportedOut, {"entered": len(new)}, status=201)


class InferenceCostsIn(Input):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            kind.value: FiniteFloatField(required=False, min_value=0, max_value=1e12)
            for kind in INFERENCE_KINDS
        }


class LeverIn(Input):
    key = Text(max_length=60)
    share = FiniteFloatField(
        required=False, min_value=0, max_value=100, help_text="percentage of the cost that the lever touches"
    )


class SavingsIn(Input):
    costs = InferenceCostsIn(
        required=False, help_text="a month's inference cost by kind; the ledger's, if left out"
    )
    levers = LeverIn(many=True, allow_empty=False)


class SavingOut(Output):
    title = serializers.CharField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class SavingsOut(Output):
    """What each lever saves by itself, and all together: what each leaves of the cost is multiplied."""

    cost = serializers.FloatField(source="together.cost")
    each = SavingOut(many=True)
    together = SavingOut()


class CostSavings(Endpoint):
    scopes = {"POST": Scope.READ}

    @extend_schema(request=SavingsIn, responses=SavingsOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Calculate what levers of the project's policy would save a month; nothing is written."""
        project = project_by_id_for(self.user, pk)
        fields = self.read(SavingsIn)
        chosen = [(one["key"], one.get("share")) for one in fields["levers"]]
        return answer(
            SavingsOut, estimating.estimate_savings(project, chosen=chosen, costs=fields.get("costs"))
        )


class GpuEstimateIn(Input):
    option = Text(max_length=60, help_text="a task and size of the policy by its key, such as finetune_7b")
    hours_per_run = FiniteFloatField(min_value=0, max_value=10_000)
    runs_per_month = FiniteFloatField(min_value=0, max_value=100_000)
    cards = serializers.IntegerField(required=False, min_value=1, max_value=10_000)


class GpuEstimateOut(Output):
    gpu = serializers.CharField(source="estimate.gpu.gpu")
    memory_gb = serializers.IntegerField(source="estimate.gpu.memory_gb")
    price_per_hour = serializers.FloatField(source="estimate.gpu.price_per_hour")
    price_currency = serializers.CharField(source="estimate.gpu.currency")
    price_run = serializers.FloatField(source="estimate.run")
    price_month = serializers.FloatField(source="estimate.month")
    currency = serializers.CharField(help_text="of the project's books")
    run = serializers.FloatField(allow_null=True, help_text="null where no rate is known")
    month = serializers.FloatField(allow_null=True)
    rate = serializers.CharField(help_text="the rate that was used, or which is missing")


class GpuEstimate(Endpoint):
    scopes = {"POST": Scope.READ}

    @extend_schema(request=GpuEstimateIn, responses=GpuEstimateOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Choose a GPU by task and size, and estimate a run and a month; nothing is written."""
        project = project_by_id_for(self.user, pk)
        return answer(GpuEstimateOut, estimating.estimate_gpu(project, **self.read(GpuEstimateIn)))
