"""The life of a promotion request: thread, changes, named seats, delegation, re-review, times, signed records."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.accounts.models import Token, User
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.api.gates import PromotionOut
from apps.core.errors import Invalid, denied
from apps.gates import changes, queries, services, times
from apps.gates.record import record_of
from apps.projects.queries import members_of, project_by_id_for


def demand_person(request: Request) -> None:
    """A token, also a person's own, decides nothing about who signs (guarantee 31)."""
    if isinstance(request.auth, Token):
        denied("Only a person who is signed in can do this; a token cannot.", code="person_needed").enforce()


def member(project: Any, pk: UUID) -> User:
    """Return a member of a project; raises Invalid for anybody else."""
    found = members_of(project).filter(user_id=pk).first()
    if found is None:
        raise Invalid("This person is no member of the project.", code="not_a_member")
    return found.user


class CommentIn(Input):
    text = Text(max_length=10_000)
    answers = serializers.UUIDField(required=False)


class CommentOut(Output):
    id = serializers.UUIDField()
    author = Person()
    text = serializers.CharField()
    answers = serializers.UUIDField(source="answers_id", allow_null=True)
    created_at = serializers.DateTimeField()


class Comments(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.PROMOTE}

    @extend_schema(responses=CommentOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the comments of a request, newest first."""
        found = queries.promotion_for(self.user, pk)
        return self.page(queries.thread_of(found).order_by("-id"), CommentOut)

    @extend_schema(request=CommentIn, responses={201: CommentOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Write a comment, as Markdown; it cannot be changed."""
        found = queries.promotion_for(self.user, pk)
        fields = self.read(CommentIn)
        answers = queries.comment_in(found, fields.get("answers"))
        made = services.comment(found, text=fields["text"], answers=answers, by=self.user)
        return answer(CommentOut, made, status=201)


class EvidenceChangeOut(Output):
    path = serializers.CharField()
    sentence = serializers.CharField()
    unit = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class ChangeGroupOut(Output):
    title = serializers.CharField()
    changes = EvidenceChangeOut(many=True)


class ChangesOut(Output):
    stale = serializers.BooleanField(source="is_stale")
    evidence_digest = serializers.CharField(source="digest_then")
    evidence_digest_now = serializers.CharField(source="digest_now")
    policy = serializers.CharField()
    stage = serializers.CharField()
    groups = ChangeGroupOut(many=True)


class Changes(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ChangesOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Say what is different between what a request was judged on and what is so now."""
        return answer(ChangesOut, changes.staleness_of(queries.promotion_for(self.user, pk)))


class SeatIn(Input):
    person = serializers.UUIDField()
    reason = Text(required=False)


class SeatOut(Output):
    id = serializers.UUIDField()
    role = serializers.CharField()
    person = Person()
    asked_by = Person()
    reason = serializers.CharField()


class Seats(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=SeatIn, responses={201: SeatOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask a person by name to sign."""
        demand_person(request)
        found = queries.promotion_for(self.user, pk)
        fields = self.read(SeatIn)
        person = member(found.version.model.project, fields["person"])
        made = services.ask_for_seat(found, person=person, reason=fields.get("reason", ""), by=self.user)
        return answer(SeatOut, made, status=201)


class RecordOut(Output):
    format = serializers.CharField()
    record = serializers.JSONField()
    record_digest = serializers.CharField()
    withdrawn = serializers.JSONField(allow_null=True)
    proof = serializers.JSONField(allow_null=True)


class Record(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=RecordOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the signed record of a signature; docs/mlgov_verify.py verifies it offline."""
        return answer(RecordOut, record_of(queries.approval_for(self.user, pk)))


class DelegationIn(Input):
    to = serializers.UUIDField()
    starts_at = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField()
    reason = Text(max_length=2000)


class DelegationOut(Output):
    id = serializers.UUIDField()
    delegator = Person()
    delegate = Person()
    role = serializers.CharField()
    reason = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)


class Delegations(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.PROMOTE}

    @extend_schema(responses=DelegationOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List who signs for whom in a project."""
        return self.page(queries.delegations_of(project_by_id_for(self.user, pk)), DelegationOut)

    @extend_schema(request=DelegationIn, responses={201: DelegationOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Let another member sign in your place for a time. People alone; a token cannot."""
        project = project_by_id_for(self.user, pk)
        demand_person(request)
        fields = self.read(DelegationIn)
        to = member(project, fields.pop("to"))
        return answer(DelegationOut, services.delegate(project, to=to, by=self.user, **fields), status=201)


class DelegationEnd(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=None, responses=DelegationOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """End a delegation at once; signatures given by it stay."""
        found = queries.delegation_for(self.user, pk)
        demand_person(request)
        return answer(DelegationOut, services.revoke_delegation(found, by=self.user))


class ReviewOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    state = serializers.CharField()
    opens_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    finding = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)


class ReviewOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ReviewOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return until when an approval is valid."""
        return answer(ReviewOut, queries.review_for(self.user, pk))


class VersionReview(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ReviewOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the re-reviews of a version, newest first."""
        return self.page(queries.reviews_for(self.user, pk), ReviewOut)


class ReviewStart(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=None, responses={201: PromotionOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Judge the gate on the evidence of today and open the request that confirms the approval."""
        found = queries.review_for(self.user, pk)
        demand_person(request)
        made = services.start_review(found, by=self.user)
        return answer(PromotionOut, made, status=201, location=f"/api/v1/promotions/{made.pk}")


class FindingIn(Input):
    finding = Text(max_length=5000)


class ReviewFinding(Endpoint):
    scopes = {"POST": Scope.PROMOTE}

    @extend_schema(request=FindingIn, responses=ReviewOut)
    def post(self, request: Request, pk: UUID) -> Response:
        """Close a re-review with what was found; the next one is open at once."""
        found = queries.review_for(self.user, pk)
        demand_person(request)
        return answer(ReviewOut, services.record_finding(found, by=self.user, **self.read(FindingIn)))


class StageTimesOut(Output):
    stage = serializers.CharField()
    decided = serializers.IntegerField()
    p50_hours = serializers.FloatField(allow_null=True)
    p90_hours = serializers.FloatField(allow_null=True)
    waiting = serializers.IntegerField()


class OpenOut(Output):
    promotion = serializers.UUIDField(source="promotion.pk")
    hours = serializers.FloatField()


class TimesOut(Output):
    stages = StageTimesOut(many=True)
    open = OpenOut(many=True)


class RequestTimes(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=TimesOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the time from request to decision by stage in hours, and how long open requests have waited."""
        project = project_by_id_for(self.user, pk)
        found = {"stages": times.by_stage(self.user, project), "open": times.ageing(self.user, project)}
        return answer(TimesOut, found)
