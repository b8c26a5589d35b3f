"""Webhooks of a project: who is called when something is announced, and what became of it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Text, answer, expected_version
from apps.notifications import queries, services
from apps.notifications.permissions import can_manage_webhooks
from apps.projects.models import Project
from apps.projects.queries import project_by_id_for


class WebhookIn(Input):
    name = Text(max_length=100)
    url = Text(max_length=2000)
    kinds = serializers.ListField(child=Text(max_length=80), required=False, max_length=200)


class WebhookChange(Input):
    name = Text(max_length=100, required=False, allow_blank=False)
    url = Text(max_length=2000, required=False, allow_blank=False)
    kinds = serializers.ListField(child=Text(max_length=80), required=False, max_length=200)
    enabled = serializers.BooleanField(required=False)


class WebhookOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class WebhookWithSecret(WebhookOut):
    secret = serializers.CharField()


class DeliveryOut(Output):
    id = serializers.UUIDField()
    message_id = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField()
    tries = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()
    created_at = serializers.DateTimeField()


def _with_secret(webhook: Any, secret: str, *, status: int) -> Response:
    webhook.secret = secret
    made = answer(WebhookWithSecret, webhook, status=status, location=f"/api/v1/webhooks/{webhook.pk}")
    # The secret is shown once, so no cache may keep it.
    made["Cache-Control"] = "no-store"
    return made


class Webhooks(Endpoint):
    scopes = {"GET": Scope.WEBHOOKS, "POST": Scope.WEBHOOKS}

    def _project(self, pk: UUID) -> Project:
        project = project_by_id_for(self.user, pk)
        can_manage_webhooks(self.user, project).enforce()
        return project

    @extend_schema(responses=WebhookOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the webhooks of a project, for its owners."""
        return self.page(queries.webhooks_of(self._project(pk)), WebhookOut)

    @extend_schema(request=WebhookIn, responses={201: WebhookWithSecret})
    def post(self, request: Request, pk: UUID) -> Response:
        """Make a webhook; the answer holds its secret, this once."""
        webhook, secret = services.create_webhook(self._project(pk), by=self.user, **self.read(WebhookIn))
        return _with_secret(webhook, secret, status=201)


class WebhookOne(Endpoint):
    scopes = {"GET": Scope.WEBHOOKS, "PATCH": Scope.WEBHOOKS, "DELETE": Scope.WEBHOOKS}

    @extend_schema(responses=WebhookOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a webhook."""
        return answer(WebhookOut, queries.webhook_for(self.user, pk))

    @extend_schema(request=WebhookChange, responses=WebhookOut)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change a webhook (If-Match)."""
        webhook = queries.webhook_for(self.user, pk)
        expect = expected_version(request)
        fields = self.read(WebhookChange)
        return answer(WebhookOut, services.change_webhook(webhook, by=self.user, expect=expect, **fields))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Remove a webhook; what waits is not sent any more."""
        services.remove_webhook(queries.webhook_for(self.user, pk), by=self.user)
        return Response(status=204)


class WebhookSecret(Endpoint):
    scopes = {"POST": Scope.WEBHOOKS}

    @extend_schema(request=None, responses=WebhookWithSecret)
    def post(self, request: Request, pk: UUID) -> Response:
        """Renew the secret; the old one signs beside it for 24 hours."""
        webhook, secret = services.rotate_secret(queries.webhook_for(self.user, pk), by=self.user)
        return _with_secret(webhook, secret, status=200)


class WebhookTest(Endpoint):
    scopes = {"POST": Scope.WEBHOOKS}

    @extend_schema(request=None, responses={202: DeliveryOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a message that says it is a test."""
        delivery = services.send_test(queries.webhook_for(self.user, pk), by=self.user)
        return answer(DeliveryOut, delivery, status=202, location=f"/api/v1/webhooks/{pk}/deliveries")


class Deliveries(Endpoint):
    scopes = {"GET": Scope.WEBHOOKS}

    @extend_schema(responses=DeliveryOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the messages of a webhook, newest first."""
        return self.page(queries.deliveries_of(queries.webhook_for(self.user, pk)), DeliveryOut)


class DeliveryAgain(Endpoint):
    scopes = {"POST": Scope.WEBHOOKS}

    @extend_schema(request=None, responses={202: DeliveryOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a message once more, under the same id."""
        services.redeliver(queries.delivery_for(self.user, pk), by=self.user)
        return answer(DeliveryOut, queries.delivery_for(self.user, pk), status=202)
