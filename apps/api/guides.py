"""What the method advises."""

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Output, answer
from apps.policies.queries import guides_of, revision_named


class GuideCellOut(Output):
    title = serializers.CharField()
    text = serializers.CharField()


class GuideEntryOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    cells = GuideCellOut(many=True)
    advice = serializers.CharField()
    when = serializers.CharField(help_text="CEL; a page of work for which it holds shows the entry")


class GuideOut(Output):
    key = serializers.CharField()
    title = serializers.CharField()
    method = serializers.CharField()
    about = serializers.CharField()
    shows_on = serializers.ListField(child=serializers.CharField())
    entries = GuideEntryOut(many=True)


class GuidesOut(Output):
    guides = GuideOut(many=True)


class Guides(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        responses=GuidesOut,
        parameters=[
            OpenApiParameter("q", description="words that an entry or its guide must have, all of them"),
            OpenApiParameter("policy", description="slug of a policy; that of new projects, if left out"),
            OpenApiParameter("revision", int, description="the newest, if left out"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the guides of a policy; with q what has these words."""
        wanted = request.query_params
        revision = revision_named(
            wanted.get("policy") or settings.DEFAULT_POLICY_PACK, wanted.get("revision", "")
        )
        return answer(GuidesOut, {"guides": guides_of(revision, words=wanted.get("q", "")[:120])})
