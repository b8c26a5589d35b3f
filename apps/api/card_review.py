"""A card in review, and its public links: what pipelines and scripts do; what takes a person says so."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer, expected_version
from apps.api.card_life import CardLifeOut, told
from apps.modelcards import life, queries, sharing
from apps.registry.queries import version_for


class CardTakeBack(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses=CardLifeOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Take the card back from review (If-Match with the ETag of the card); it is a draft again."""
        version = version_for(self.user, pk)
        life.take_back(version, by=self.user, expect=expected_version(request))
        return told(version, self.user)


class CardReasonIn(Input):
    reason = Text(max_length=5000)


class CardSendBack(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=CardReasonIn, responses=CardLifeOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Send the card back to its writers with what is to be done (If-Match). For reviewers and risk officers, in person."""
        version = version_for(self.user, pk)
        expect = expected_version(request)
        life.send_back(version, reason=self.read(CardReasonIn)["reason"], by=self.user, expect=expect)
        return told(version, self.user)


class CardWithdraw(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=CardReasonIn, responses=CardLifeOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Withdraw what is published, with a reason. It takes a person; a token is refused."""
        version = version_for(self.user, pk)
        life.withdraw(version, reason=self.read(CardReasonIn)["reason"], by=self.user)
        return told(version, self.user)


class PublicLinkIn(Input):
    note = Text(max_length=200)
    days = serializers.IntegerField(min_value=1, max_value=sharing.LONGEST_DAYS)


class PublicLinkOut(Output):
    id = serializers.UUIDField()
    note = serializers.CharField()
    state = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    created_by = Person()
    created_at = serializers.DateTimeField()

    def get_state(self, link: Any) -> str:
        """Return open, over or withdrawn."""
        if link.withdrawn_at is not None:
            return "withdrawn"
        return "open" if link.expires_at > timezone.now() else "over"


class PublicLinkWithAddress(PublicLinkOut):
    address = serializers.CharField(help_text="shown this once")


def _with_address(link: Any, address: str) -> Response:
    link.address = address
    made = answer(PublicLinkWithAddress, link, status=201)
    # Whoever has the address reads the card, so no cache may keep it.
    made["Cache-Control"] = "no-store"
    return made


class CardLinks(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=PublicLinkOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the public links of the card, newest first, without their addresses."""
        return self.page(queries.links_of(queries.card_of(version_for(self.user, pk))), PublicLinkOut)

    @extend_schema(request=PublicLinkIn, responses={201: PublicLinkWithAddress})
    def post(self, request: Request, pk: UUID) -> Response:
        """Make a public link of a published card; the answer holds its address, this once. It takes an owner in person."""
        version = version_for(self.user, pk)
        link, secret = sharing.create_link(version, by=self.user, **self.read(PublicLinkIn))
        return _with_address(link, request.build_absolute_uri(reverse("modelcards:public", args=[secret])))


class CardLinkWithdraw(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses=PublicLinkOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """End a public link at once. It takes an owner in person."""
        link = queries.link_for(self.user, pk)
        sharing.withdraw_link(link, by=self.user)
        return answer(PublicLinkOut, queries.link_for(self.user, pk))
