"""Framing of a project (M1): revisions of the brief, kill criteria, rules or machine learning, and the risk tier."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer, asked_version
from apps.api.requests import demand_person
from apps.policies.method.framing import ANSWERS
from apps.projects import queries, services


class BriefRevisionOut(Output):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    changed = serializers.ListField(child=serializers.CharField())
    content = serializers.DictField(help_text="every field of the brief as it was saved")
    author = Person()
    created_at = serializers.DateTimeField()


class BriefRevisions(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=BriefRevisionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the revisions of the problem brief, newest first; their number is the brief's ETag of then."""
        brief = queries.brief_of(queries.project_by_id_for(self.user, pk))
        if brief is None:
            raise Http404
        return self.page(queries.revisions_of(brief).order_by("-id"), BriefRevisionOut)


class KillCriterionIn(Input):
    title = Text(max_length=200)
    expression = Text(max_length=2000)


class KillCriterionOut(Output):
    id = serializers.UUIDField()
    title = serializers.CharField()
    expression = serializers.CharField()
    created_by = Person()
    created_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    retired_reason = serializers.CharField()


class KillCriteria(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=KillCriterionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the project's own kill criteria, retired ones too; the policy has others."""
        project = queries.project_by_id_for(self.user, pk)
        return self.page(queries.own_kill_criteria_of(project).order_by("-id"), KillCriterionOut)

    @extend_schema(request=KillCriterionIn, responses={201: KillCriterionOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Add a criterion: an expression over evidence that holds when the project should stop."""
        project = queries.project_by_id_for(self.user, pk)
        made = services.add_kill_criterion(project, by=self.user, **self.read(KillCriterionIn))
        return answer(KillCriterionOut, made, status=201)


class KillCriterionRetireIn(Input):
    reason = Text(max_length=2000)


class KillCriterionRetire(Endpoint):
    scopes = {"POST": Scope.TRACK}

    @extend_schema(request=KillCriterionRetireIn, responses=KillCriterionOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Judge a criterion no more; it stays on record with the reason."""
        criterion = queries.kill_criterion_for(self.user, pk)
        done = services.retire_kill_criterion(criterion, by=self.user, **self.read(KillCriterionRetireIn))
        return answer(KillCriterionOut, done)


class ApproachReasonOut(Output):
    key = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField()
    direction = serializers.CharField()
    because = serializers.CharField()


class RecommendationOut(Output):
    key = serializers.ChoiceField(choices=["rules", "ml", "hybrid"])
    title = serializers.CharField()
    advice = serializers.CharField()
    reasons = ApproachReasonOut(many=True)


class ApproachAnswerOut(Output):
    answer = serializers.ChoiceField(choices=ANSWERS)
    note = serializers.CharField()


class ApproachOut(Output):
    answers = serializers.DictField(child=ApproachAnswerOut())
    answered_by = Person()
    answered_at = serializers.DateTimeField(source="created_at")
    recommendation = serializers.SerializerMethodField()

    @extend_schema_field(RecommendationOut(allow_null=True))
    def get_recommendation(self, approach: Any) -> dict[str, Any] | None:
        """Return what the answers come to by the policy of now."""
        found = queries.recommendation_of(approach.project, approach)
        return dict(RecommendationOut(found).data) if found else None


class ApproachIn(Input):
    answers = serializers.DictField(
        child=serializers.ChoiceField(choices=ANSWERS), help_text="one for each signal of the policy"
    )
    notes = serializers.DictField(child=Text(required=False, max_length=2000), required=False)


class ApproachOne(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.TRACK}

    @extend_schema(responses=ApproachOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the newest answers about rules or machine learning, with the recommendation."""
        newest = queries.approaches_of(queries.project_by_id_for(self.user, pk)).first()
        if newest is None:
            raise Http404
        return answer(ApproachOut, newest)

    @extend_schema(request=ApproachIn, responses={201: ApproachOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Answer every signal of the policy with yes, no or unsure."""
        project = queries.project_by_id_for(self.user, pk)
        made = services.answer_approach(project, by=self.user, **self.read(ApproachIn))
        return answer(ApproachOut, made, status=201)


class TierOut(Output):
    tier = serializers.CharField(source="level")
    title = serializers.CharField()
    points = serializers.IntegerField()
    answers = serializers.DictField(child=serializers.CharField())
    reason = serializers.CharField()
    set_by = Person()
    set_at = serializers.DateTimeField(source="updated_at")


class TierIn(Input):
    answers = serializers.DictField(child=Text(max_length=60), help_text="question of the policy -> option")
    reason = Text(max_length=2000)


class TierOne(Endpoint):
    scopes = {"GET": Scope.READ, "PUT": Scope.TRACK}

    @extend_schema(responses=TierOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the risk tier of a project, with the answers that it follows from."""
        tier = queries.tier_of(queries.project_by_id_for(self.user, pk))
        if tier is None:
            raise Http404
        return answer(TierOut, tier)

    @extend_schema(request=TierIn, responses=TierOut)
    def put(self, request: Request, pk: UUID) -> Response:
        """Rate the risk of a project. Takes an owner who is signed in; no token."""
        project = queries.project_by_id_for(self.user, pk)
        demand_person(request)
        fields = self.read(TierIn)
        done = services.set_tier(project, by=self.user, expect=asked_version(request), **fields)
        return answer(TierOut, done)
