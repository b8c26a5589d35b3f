"""The gate: what it says, and asking to pass it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.core.errors import Invalid
from apps.evidence.services import collect
from apps.gates import queries, services
from apps.gates.judging import GateView, gate_view
from apps.registry.queries import version_for


class QuorumOut(Output):
    role = serializers.CharField()
    count = serializers.IntegerField()


class LookedAtOut(Output):
    path = serializers.CharField()
    value = serializers.JSONField()


class CriterionOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.CharField()
    expression = serializers.CharField()
    remedy = serializers.CharField()
    method = serializers.CharField()
    state = serializers.CharField()
    looked_at = LookedAtOut(many=True)
    missing = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()


class GateOut(Output):
    state = serializers.CharField()
    to = serializers.CharField(source="to_stage")
    gate = serializers.CharField(source="gate.title")
    policy = serializers.SerializerMethodField()
    evidence_digest = serializers.CharField(source="evidence.digest")
    approvals = QuorumOut(source="gate.approvals", many=True)
    criteria = serializers.SerializerMethodField()

    def get_policy(self, view: GateView) -> str:
        """Return the pack and revision that judged."""
        revision = view.version.model.project.policy_revision
        return f"{revision.pack.slug} revision {revision.number}"

    def get_criteria(self, view: GateView) -> list[dict[str, Any]]:
        """Return every criterion with its state, values and remedy."""
        return list(view.verdict.to_json()["criteria"])


class GateOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        responses=GateOut,
        parameters=[OpenApiParameter("to", str, required=True, description="the stage to ask for")],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Ask what the gate says now; nothing is written. A pipeline stops unless ``state`` is ``pass``."""
        version = version_for(self.user, pk)
        to_stage = request.query_params.get("to", "")
        if not to_stage:
            raise Invalid("Say which stage to ask for, for example ?to=production.", code="stage_missing")
        return answer(GateOut, gate_view(version, to_stage))


class EvidenceOut(Output):
    digest = serializers.CharField()
    document = serializers.JSONField()


class EvidenceOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=EvidenceOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return everything known about a version, as gates see it."""
        return answer(EvidenceOut, collect(version_for(self.user, pk)))


class PromotionIn(Input):
    to = Text(max_length=30)
    note = Text(required=False)


class ApprovalOut(Output):
    id = serializers.UUIDField()
    signer = serializers.CharField(source="signer_name")
    role = serializers.CharField()
    decision = serializers.CharField()
    meaning = serializers.CharField()
    comment = serializers.CharField()
    on_behalf_of = serializers.CharField(allow_null=True)
    signed_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class PromotionOut(Output):
    id = serializers.UUIDField()
    state = serializers.CharField()
    purpose = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    version = serializers.UUIDField(source="version_id")
    from_stage = serializers.CharField()
    to_stage = serializers.CharField()
    evidence_digest = serializers.CharField()
    verdict = serializers.JSONField()
    note = serializers.CharField()
    requested_by = Person()
    required = QuorumOut(source="required_roles", many=True)  # type: ignore[assignment]
    approvals = ApprovalOut(many=True)
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class Promotions(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.PROMOTE}

    @extend_schema(responses=PromotionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the requests of a version."""
        version = version_for(self.user, pk)
        return self.page(queries.promotions_for(self.user).filter(version=version), PromotionOut)

    @extend_schema(request=PromotionIn, responses={201: PromotionOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask for a promotion. ``state`` is open (people sign now) or refused (the verdict says why)."""
        version = version_for(self.user, pk)
        fields = self.read(PromotionIn)
        made = services.request_promotion(
            version, to_stage=fields["to"], note=fields.get("note", ""), by=self.user
        )
        return answer(PromotionOut, made, status=201, location=f"/api/v1/promotions/{made.pk}")


class PromotionOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=PromotionOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a request with its verdict and signatures."""
        return answer(PromotionOut, queries.promotion_for(self.user, pk))


class WithdrawIn(Input):
    reason = Text(required=False)


class PromotionWithdraw(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=WithdrawIn, responses=PromotionOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Take a request back."""
        promotion = queries.promotion_for(self.user, pk)
        return answer(
            PromotionOut, services.withdraw_promotion(promotion, by=self.user, **self.read(WithdrawIn))
        )
