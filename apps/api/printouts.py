"""PDFs of evaluations and of requests for promotion; that of a card stands with the cards."""

from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FileNegotiation
from apps.api.jobs import JobOut, started
from apps.api.waiting import PREFER
from apps.evaluations import queries as evaluations
from apps.evaluations import services as evaluation_services
from apps.gates import queries as gates
from apps.gates import services as gate_services
from apps.gates.services.printing import printout_of_request
from apps.jobs.printouts import file_of

PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}


class EvaluationPdf(Endpoint):
    content_negotiation_class = FileNegotiation
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=PDF)
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """Return the validation report of an evaluation; 404 until it was asked for and made."""
        found = evaluations.evaluation_for(self.user, pk)
        return file_of(evaluations.printout_of_report(found), name=evaluations.report_name(found))

    @extend_schema(request=None, responses={200: JobOut, 202: JobOut}, parameters=[PREFER])
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker make the validation report of a complete evaluation."""
        made = evaluation_services.request_pdf(evaluations.evaluation_for(self.user, pk), by=self.user)
        return started(request, JobOut, made.job, job=made.job, location=f"/api/v1/evaluations/{pk}/pdf")


class PromotionPdf(Endpoint):
    content_negotiation_class = FileNegotiation
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=PDF)
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """Return the approval record of a request as it stands; 404 until it was asked for and made."""
        found = gates.promotion_for(self.user, pk)
        return file_of(printout_of_request(found), name=gates.record_name(found))

    @extend_schema(request=None, responses={200: JobOut, 202: JobOut}, parameters=[PREFER])
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker make the approval record of a request as it stands."""
        made = gate_services.request_record(gates.promotion_for(self.user, pk), by=self.user)
        return started(request, JobOut, made.job, job=made.job, location=f"/api/v1/promotions/{pk}/pdf")
