"""The life of a model card: pipelines read it and send for review; people sign on the pages."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.accounts.models import User
from apps.api.base import Endpoint, Input, Output, Person, Text, answer, expected_version
from apps.core.errors import Invalid
from apps.core.texts import whole_number
from apps.modelcards import commenting, defaults, life, permissions, queries, standing
from apps.modelcards.fieldnames import titles_of
from apps.modelcards.models import Card
from apps.projects.queries import project_by_id_for
from apps.registry.models import Version
from apps.registry.queries import version_for

#: A larger number is no revision, and none that the database knows.
MOST_REVISIONS = 10**9


class CardLifeOut(Output):
    state = serializers.CharField()
    revision = serializers.IntegerField(allow_null=True)
    publication = serializers.IntegerField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    content_digest = serializers.CharField()
    evidence_digest = serializers.CharField()
    outdated = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    open_comments = serializers.IntegerField()
    who_publishes = serializers.CharField(help_text="who may publish it, as a sentence")


def told(version: Version, user: User) -> Response:
    """Answer how far the card of a version is, with its ETag."""
    found = standing.standing_of(version, user)
    published = found.published
    fields = {
        "state": found.card.state if found.card else "draft",
        "revision": found.newest.number if found.newest else None,
        "publication": published.number if published else None,
        "published_at": published.created_at if published else None,
        "content_digest": published.content_digest if published else "",
        "evidence_digest": published.evidence_digest if published else "",
        "outdated": found.outdated,
        "missing": found.missing,
        "open_comments": found.open_comments,
        "who_publishes": found.who_publishes,
    }
    response = Response(CardLifeOut(fields).data)
    response["ETag"] = f'"{found.card.lock_version if found.card else 0}"'
    return response


class CardLife(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=CardLifeOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Tell how far the card is: its state, what is published, and whether that rests on older evidence."""
        return told(version_for(self.user, pk), self.user)

    @extend_schema(request=None, responses=CardLifeOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Send the card for review (If-Match with the ETag of the card). To publish it takes a person on the page."""
        version = version_for(self.user, pk)
        life.submit(version, by=self.user, expect=expected_version(request))
        return told(version, self.user)


def _card(version: Version) -> Card:
    card = queries.card_of(version)
    if card is None:
        raise Http404
    return card


class CardRevisionOut(Output):
    number = serializers.IntegerField()
    author = Person()
    changed = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class CardRevisions(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=CardRevisionOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List what was saved of the card, newest first; 404 for a card that nobody began."""
        return self.page(
            _card(version_for(self.user, pk)).revisions.select_related("author").order_by("-id"),
            CardRevisionOut,
        )


class CardDifferenceOut(Output):
    field = serializers.CharField(source="name")
    title = serializers.CharField(source="label")
    before = serializers.CharField()
    after = serializers.CharField()


class CardRevisionWholeOut(CardRevisionOut):
    """A revision; what differs from the one before comes with the context."""

    written = serializers.DictField(source="fields", child=serializers.CharField())
    provenance = serializers.DictField(source="written", child=serializers.DictField())
    differences = serializers.SerializerMethodField()

    @extend_schema_field(CardDifferenceOut(many=True))
    def get_differences(self, revision: Any) -> Any:
        """Return the fields that differ from the revision before."""
        return CardDifferenceOut(self.context["differences"], many=True).data


class CardRevisionOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        responses=CardRevisionWholeOut,
        parameters=[
            OpenApiParameter(
                "against", int, description="a revision to compare with; by default the one before"
            )
        ],
    )
    def get(self, request: Request, pk: UUID, number: int) -> Response:
        """Return a revision with its texts, where each comes from, and how it differs from another."""
        version = version_for(self.user, pk)
        given = request.query_params.get("against", str(max(number - 1, 0)))
        if number > MOST_REVISIONS:
            raise Http404
        other = whole_number(given)
        if other is None:
            raise Invalid(
                f"“{given[:20]}” is no number of a revision. Give one, such as ?against=1.",
                code="bad_against",
            )
        rows = {
            one.number: one for one in queries.revisions_of(_card(version)).filter(number__in=[other, number])
        }
        if number not in rows or (other and other not in rows):
            raise Http404
        before = rows[other].fields if other else {}
        found = rows[number]
        differences = standing.changes(version, before, found.fields)
        return Response(CardRevisionWholeOut(found, context={"differences": differences}).data)


class PublicationOut(Output):
    number = serializers.IntegerField()
    revision = serializers.IntegerField(source="revision.number")
    content = serializers.JSONField()
    content_digest = serializers.CharField()
    evidence_digest = serializers.CharField()
    meaning = serializers.CharField()
    role = serializers.CharField()
    published_by = Person()
    published_at = serializers.DateTimeField(source="created_at")
    withdrawn = serializers.SerializerMethodField()

    def get_withdrawn(self, publication: Any) -> str | None:
        """Return why it was withdrawn, or null."""
        return publication.withdrawal.reason if hasattr(publication, "withdrawal") else None


class CardPublications(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=PublicationOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List what was published of the card, newest first; the first one stands unless it was withdrawn."""
        return self.page(
            queries.publications_of(_card(version_for(self.user, pk))).order_by("-id"), PublicationOut
        )

    @extend_schema(request=None, responses={403: None})
    def post(self, request: Request, pk: UUID) -> Response:
        """Refused: a publication is signed by a person on the page, with a proof of who they are."""
        permissions.can_sign_by_interface(version_for(self.user, pk)).enforce()
        raise AssertionError("the interface takes no signature")


class CardReplyOut(Output):
    id = serializers.UUIDField()
    author = Person()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class CardCommentOut(CardReplyOut):
    field = serializers.CharField()
    resolved = serializers.SerializerMethodField()
    replies = CardReplyOut(many=True)

    def get_resolved(self, comment: Any) -> bool:
        """Return whether somebody settled it."""
        return hasattr(comment, "resolution")


class CardCommentIn(Input):
    field = Text(max_length=60)
    text = Text(max_length=commenting.LONGEST_COMMENT)
    answers = serializers.UUIDField(required=False)


class CardComments(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=CardCommentOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the comments on the card's fields with their answers, newest first."""
        return self.page(queries.comments_of(version_for(self.user, pk)).order_by("-id"), CardCommentOut)

    @extend_schema(request=CardCommentIn, responses={201: CardReplyOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Write a comment on a field, or answer one, as Markdown; it cannot be changed."""
        version = version_for(self.user, pk)
        given = self.read(CardCommentIn)
        answers = queries.comment_in(version, given.get("answers"))
        made = commenting.comment(
            version, field=given["field"], text=given["text"], answers=answers, by=self.user
        )
        return answer(CardReplyOut, made, status=201)


class CardCommentResolve(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: UUID) -> Response:
        """Settle a comment; it stays to be read."""
        commenting.resolve(queries.comment_for(self.user, pk), by=self.user)
        return Response(status=204)


class CardDefaultsIn(Input):
    fields_ = serializers.DictField(child=serializers.CharField(allow_blank=True))

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        return {"fields": found["fields_"]}


class CardDefaultsOne(Endpoint):
    scopes = {"GET": Scope.READ, "PATCH": Scope.EVIDENCE}

    @extend_schema(responses={200: {"type": "object"}})
    def get(self, request: Request, pk: UUID) -> Response:
        """Return with which texts the cards of a project begin, by field."""
        project = project_by_id_for(self.user, pk)
        kept = queries.defaults_of(project)
        return self._told(
            kept, {key: (kept.fields if kept else {}).get(key, "") for key in titles_of(project)}
        )

    @extend_schema(
        request={"application/json": {"type": "object", "properties": {"fields": {"type": "object"}}}},
        responses={200: {"type": "object"}},
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Write with which texts new cards begin (If-Match; "0" or "1" where nobody wrote any)."""
        project = project_by_id_for(self.user, pk)
        expect = expected_version(request) or 1
        kept = defaults.change_defaults(
            project, fields=self.read(CardDefaultsIn)["fields"], by=self.user, expect=expect
        )
        return self._told(kept, {key: kept.fields.get(key, "") for key in titles_of(project)})

    def _told(self, kept: Any, fields: dict[str, str]) -> Response:
        response = Response({"fields": fields})
        response["ETag"] = f'"{kept.lock_version if kept else 0}"'
        return response
