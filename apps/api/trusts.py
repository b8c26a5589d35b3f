"""The pipelines that a project trusts; people alone change them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.accounts.models import User
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.api.requests import demand_person
from apps.core.errors import Invalid
from apps.identity import queries, services
from apps.identity.enums import TRUSTED_SCOPES, IssuerKind
from apps.projects.permissions import Right, can
from apps.projects.queries import project_by_id_for

_SCOPES = [(one.value, one.label) for one in TRUSTED_SCOPES]


class TrustIn(Input):
    name = Text(max_length=100)
    kind = serializers.ChoiceField(choices=IssuerKind.choices)
    issuer = Text(max_length=500)
    claims = serializers.DictField(
        child=Text(max_length=500), help_text="What a token must say, each value whole: no patterns."
    )
    account = serializers.UUIDField(help_text="One of your service accounts.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=_SCOPES), min_length=1, max_length=10
    )


class TrustOut(Output):
    id = serializers.UUIDField()
    project = serializers.UUIDField(source="project_id")
    name = serializers.CharField()
    kind = serializers.CharField()
    issuer = serializers.CharField()
    audience = serializers.CharField()
    claims = serializers.DictField(child=serializers.CharField())
    account = Person()
    scopes = serializers.ListField(child=serializers.CharField())
    created_by = Person()
    created_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_by = Person(allow_null=True)
    withdrawn_reason = serializers.CharField()


class WithdrawalIn(Input):
    reason = Text(max_length=2000)


class Trusts(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.PROMOTE}

    @extend_schema(responses=TrustOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the pipelines that a project trusts, newest first."""
        return self.page(queries.trusts_of(project_by_id_for(self.user, pk)), TrustOut)

    @extend_schema(request=TrustIn, responses={201: TrustOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Trust a pipeline. Owners who are signed in alone; a token cannot."""
        project = project_by_id_for(self.user, pk)
        can(self.user, Right.MANAGE, project).enforce()
        demand_person(request)
        fields: dict[str, Any] = self.read(TrustIn)
        account = _account_of(self.user, fields.pop("account"))
        made = services.create_trust(project, account=account, by=self.user, **fields)
        return answer(TrustOut, made, status=201, location=f"/api/v1/trusts/{made.pk}")


def _account_of(user: User, pk: UUID) -> User:
    found = queries.service_accounts_of(user).filter(pk=pk).first()
    if found is None:
        raise Invalid(
            "Choose one of your own service accounts: you answer for what is done as it.",
            code="not_your_account",
            field="account",
        )
    return found


class TrustOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=TrustOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a trust."""
        return answer(TrustOut, queries.trust_for(self.user, pk))


class TrustWithdraw(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=WithdrawalIn, responses=TrustOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Withdraw a trust for good; tokens that came by it end. Owners who are signed in alone; a token cannot."""
        found = queries.trust_for(self.user, pk)
        can(self.user, Right.MANAGE, found.project).enforce()
        demand_person(request)
        return answer(TrustOut, services.withdraw_trust(found, by=self.user, **self.read(WithdrawalIn)))
