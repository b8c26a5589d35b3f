"""The gate: what it says, and asking to pass it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.api.reports import GATE_HEADERS, RENDERERS, REPORTS, ByFormatOrAccept, ReportRenderer
from apps.api.waiting import PREFER, applied, wait_to_read
from apps.core.errors import Invalid
from apps.core.memory import reading_anew
from apps.evidence.services import collect
from apps.gates import queries, services
from apps.gates.dryrun import DryRun, dry_run
from apps.gates.judging import GateView, gate_view
from apps.gates.open_work import open_jobs_of
from apps.gates.reporting import Report
from apps.policies.estimates import RELATIONS
from apps.policies.queries import revision_named
from apps.policies.verdicts import State
from apps.registry.queries import version_for


class QuorumOut(Output):
    role = serializers.CharField()
    count = serializers.IntegerField()


class LookedAtOut(Output):
    path = serializers.CharField()
    value = serializers.JSONField()
    low = serializers.FloatField(
        required=False, help_text="lower end of its 95 % interval, where there is one"
    )
    high = serializers.FloatField(required=False)
    n = serializers.FloatField(required=False, allow_null=True, help_text="what it was measured on")


class EstimateOut(Output):
    name = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.FloatField(allow_null=True)
    relation = serializers.ChoiceField(choices=RELATIONS)
    threshold = serializers.FloatField()
    state = serializers.CharField()
    needed_n = serializers.IntegerField(allow_null=True, help_text="rows that would settle it")
    method = serializers.CharField(help_text="how needed_n was found")
    q = serializers.FloatField(allow_null=True, help_text="of a slice: p adjusted for all slices")


class ChangeOut(Output):
    what = serializers.CharField()
    now = serializers.CharField()
    needed = serializers.CharField()


class SourceOut(Output):
    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.CharField(help_text="a path of the portal, or the pipeline's own address")


class AppliedWaiverOut(Output):
    id = serializers.CharField()
    until = serializers.CharField()
    state = serializers.CharField(help_text="the answer that it stands in for")


class CriterionOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=["block", "warn"])
    expression = serializers.CharField()
    remedy = serializers.CharField()
    method = serializers.CharField()
    state = serializers.ChoiceField(choices=list(State))
    looked_at = LookedAtOut(many=True)
    missing = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    estimate = EstimateOut(allow_null=True)
    estimates = EstimateOut(many=True)
    changes = ChangeOut(many=True)
    sources = SourceOut(many=True)
    waiver = AppliedWaiverOut(allow_null=True)


class OpeningOut(ChangeOut):
    title = serializers.CharField()
    state = serializers.CharField()


class SideOut(Output):
    state = serializers.CharField()
    severity = serializers.CharField()
    expression = serializers.CharField()


class DifferenceOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    in_force = SideOut(allow_null=True)
    asked = SideOut(allow_null=True)


class GateOut(Output):
    state = serializers.ChoiceField(choices=["pass", "fail", "inconclusive", "missing"])
    to = serializers.CharField(source="to_stage")
    gate = serializers.CharField(source="gate.title")
    policy = serializers.SerializerMethodField()
    evidence_digest = serializers.CharField(source="evidence.digest")
    approvals = QuorumOut(many=True)
    criteria = serializers.SerializerMethodField()
    to_change = OpeningOut(many=True)

    def get_policy(self, view: GateView) -> str:
        """Return the pack and revision that judged."""
        return f"{view.revision.pack.slug} revision {view.revision.number}"

    @extend_schema_field(CriterionOut(many=True))
    def get_criteria(self, view: GateView) -> list[dict[str, Any]]:
        """Return every criterion with its state, values and remedy."""
        return list(view.verdict.to_json()["criteria"])


class DryRunOut(Output):
    in_force = GateOut(allow_null=True)
    differences = DifferenceOut(many=True)


class GateAnswerOut(GateOut):
    dry_run = DryRunOut(allow_null=True, help_text="only where another policy or revision was asked for")


class GateOne(Endpoint):
    scopes = {"GET": Scope.READ}
    renderer_classes = RENDERERS
    content_negotiation_class = ByFormatOrAccept

    @extend_schema(
        responses={(200, "application/json"): GateAnswerOut} | REPORTS,
        parameters=[
            OpenApiParameter("to", str, required=True, description="the stage to ask for"),
            OpenApiParameter("policy", str, description="another pack, for a dry run"),
            OpenApiParameter("revision", int, description="a revision of the pack, for a dry run"),
            PREFER,
            *GATE_HEADERS,
        ],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Ask what the gate says now; nothing is written. A pipeline stops unless ``state`` is ``pass``.

        By ``Accept`` or ``format`` the answer is JSON, JUnit XML, SARIF or Markdown; the header ``Mlgov-Gate`` has the
        state in each. With ``Prefer: wait=30`` it comes when no job about the version is open, or the time is over;
        ``Mlgov-Open-Jobs`` is the number of those that are.

        With ``policy`` or ``revision`` it is a dry run: what the gate would say under that revision, whatever stage
        the version is in, and how that differs from the revision in force.
        """
        # A pipeline goes on or stops by this answer.
        with reading_anew():
            asked = self._ask(pk)
            version = asked.view.version
            seconds = wait_to_read(request, lambda: not open_jobs_of(version).exists())
            still_open = open_jobs_of(version).count()
            if seconds is not None:
                asked = self._ask(pk)
            return applied(self._answer(asked, still_open), seconds)

    def _ask(self, pk: UUID) -> "Asked":
        version = version_for(self.user, pk)
        given = self.request.query_params
        to_stage, slug, number = (given.get(name, "") for name in ("to", "policy", "revision"))
        if not to_stage:
            raise Invalid("Say which stage to ask for, for example ?to=production.", code="stage_missing")
        if not slug and not number:
            return Asked(gate_view(version, to_stage))
        own = version.model.project.policy_revision.pack.slug
        found = dry_run(version, to_stage, revision_named(slug or own, number))
        return Asked(found.view, found)

    def _answer(self, asked: "Asked", still_open: int) -> Response:
        view, run = asked.view, asked.run
        headers = {"Mlgov-Gate": str(view.state), "Mlgov-Open-Jobs": str(still_open)}
        wanted = self.request.accepted_renderer
        if isinstance(wanted, ReportRenderer):
            page = settings.BASE_URL + reverse("portal:version", args=[view.version.pk])
            return Response(wanted.made.render(Report.of(view, page=page)), headers=headers)
        shown = GateOut(view).data | {"dry_run": DryRunOut(run).data if run else None}
        return Response(shown, headers=headers)


@dataclass(frozen=True)
class Asked:
    """What a gate says, and the dry run that it comes from, if it was one."""

    view: GateView
    run: DryRun | None = None


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
