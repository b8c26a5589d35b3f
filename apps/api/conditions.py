"""Conditional approvals: what a version is bound to, and the obligations of people. Set with a signature in the portal."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.api.requests import demand_person
from apps.gates import queries_conditions as queries
from apps.gates import services
from apps.projects.queries import project_by_id_for
from apps.registry.queries import version_for


class ConditionOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    promotion = serializers.UUIDField(source="promotion_id")
    key = serializers.CharField()
    says = serializers.CharField(source="sentence")
    expression = serializers.CharField()
    limit = serializers.FloatField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    on_breach = serializers.CharField()
    state = serializers.CharField()
    broken = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    set_by = Person(source="approval.person")
    in_force_at = serializers.DateTimeField(allow_null=True)

    def get_broken(self, one: Any) -> bool:
        return bool(one.going_on)

    def get_reason(self, one: Any) -> str:
        return one.going_on[0].reason if one.going_on else ""


class Conditions(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ConditionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the conditions that approvals of a version are or were bound to, and which are broken now."""
        version = version_for(self.user, pk)
        return self.page(queries.conditions_for(self.user).filter(version=version), ConditionOut)


class ObligationOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    promotion = serializers.UUIDField(source="promotion_id")
    text = serializers.CharField()
    owner = Person()
    due_at = serializers.DateTimeField()
    blocks = serializers.BooleanField()
    overdue = serializers.BooleanField(source="is_overdue")
    state = serializers.CharField()
    note = serializers.CharField()
    link = serializers.CharField()
    fulfilled_by = Person(allow_null=True)
    fulfilled_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()
    answered_by = Person(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class ProjectObligations(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ObligationOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the obligations of a project's approvals that came into force."""
        project = project_by_id_for(self.user, pk)
        return self.page(queries.obligations_of_project(self.user, project), ObligationOut)


class FulfilIn(Input):
    note = Text(max_length=5000)
    link = serializers.URLField(max_length=500, required=False)


class ObligationFulfil(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=FulfilIn, responses=ObligationOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Say that an obligation is fulfilled. Takes the person who owes it, or an owner of the project."""
        found = queries.obligation_for(self.user, pk)
        return answer(ObligationOut, services.fulfil_obligation(found, by=self.user, **self.read(FulfilIn)))


class ObligationAnswerIn(Input):
    confirmed = serializers.BooleanField()
    answer = Text(max_length=5000, required=False, allow_blank=True)


class ObligationAnswer(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=ObligationAnswerIn, responses=ObligationOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Confirm an obligation, or send it back with what is missing. An approver who is signed in; no token."""
        found = queries.obligation_for(self.user, pk)
        demand_person(request)
        return answer(
            ObligationOut, services.answer_obligation(found, by=self.user, **self.read(ObligationAnswerIn))
        )
