"""The quality rubric: scores, blind rounds, history, comparison."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, Person, Text, answer
from apps.api.jobs import JobOut, started
from apps.api.waiting import PREFER
from apps.evidence.services import collect
from apps.registry.models import Version
from apps.registry.queries import model_for, version_for
from apps.rubrics import queries, services
from apps.rubrics.blind import Panel, Scorer, panel_for


class DimensionOut(Output):
    key = serializers.CharField(source="dimension.key")
    title = serializers.CharField(source="dimension.title")
    weight = serializers.IntegerField(source="dimension.weight")
    level = serializers.IntegerField(allow_null=True)
    suggested = serializers.IntegerField()


class LiftOut(Output):
    dimension = serializers.CharField()
    gain = serializers.FloatField()
    what = serializers.CharField()


class BoardOut(Output):
    total = serializers.FloatField()
    suggested_total = serializers.FloatField()
    band = serializers.CharField()
    scored = serializers.BooleanField()
    blind = serializers.BooleanField()
    dimensions = DimensionOut(source="rows", many=True)
    lifts = LiftOut(many=True)


class RubricOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=BoardOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the rubric: the levels that count, suggestions, and what lifts the total most."""
        return board(version_for(self.user, pk))


def board(version: Version, *, status: int = 200) -> Response:
    """Answer the rubric of a version as it stands."""
    return answer(BoardOut, queries.board_of(version, collect(version).document), status=status)


class RubricSuggest(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=None, responses={200: JobOut, 202: JobOut}, parameters=[PREFER])
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker compute the suggestion of each dimension."""
        job = services.request_suggestion(version_for(self.user, pk), by=self.user)
        return started(request, JobOut, job, job=job, location=f"/api/v1/jobs/{job.pk}")


class ScoreIn(Input):
    dimension = Text(max_length=60)
    level = serializers.IntegerField(min_value=0, max_value=5)
    comment = Text(required=False, max_length=5000)


class ScoresIn(Input):
    scores = serializers.ListField(child=ScoreIn(), min_length=1, max_length=50)


class ScorerOut(Output):
    person = Person(source="user")
    is_me = serializers.BooleanField()
    finished = serializers.BooleanField()
    levels = serializers.SerializerMethodField()

    def get_levels(self, scorer: Scorer) -> dict[str, int]:
        """Return the levels by dimension; empty while they are not to be seen."""
        return {key: score.level for key, score in scorer.scores.items()}


class PanelOut(Output):
    needed = serializers.IntegerField()
    round = serializers.IntegerField()
    revealed = serializers.BooleanField()
    scorers = ScorerOut(many=True)
    agreed = serializers.SerializerMethodField()

    def get_agreed(self, panel: Panel) -> dict[str, int | None]:
        """Return the agreed level of each dimension after the reveal; null waits for a consensus."""
        return {one.dimension.key: one.agreed for one in panel.opinions}


class RubricScores(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}

    @extend_schema(responses=PanelOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a round of blind scoring: until all have finished, your own levels alone."""
        version = version_for(self.user, pk)
        found = queries.board_of(version, queries.judged_on(version))
        return answer(PanelOut, panel_for(self.user, found.rubric, found.scorecard))

    @extend_schema(request=ScoresIn, responses={201: BoardOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Score dimensions 0 to 5; a level that differs from the suggestion needs a comment."""
        version = version_for(self.user, pk)
        fields = self.read(ScoresIn)
        suggested = queries.board_of(version, collect(version).document).suggested
        given = [
            services.Given(
                one["dimension"], one["level"], one.get("comment", ""), suggested.get(one["dimension"])
            )
            for one in fields["scores"]
        ]
        services.score_all(version, given=given, by=self.user)
        return board(version, status=201)


class ConsensusIn(Input):
    dimension = Text(max_length=60)
    level = serializers.IntegerField(min_value=0, max_value=5)
    reason = Text(max_length=5000)


class RubricConsensus(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=ConsensusIn, responses={201: BoardOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Set the agreed level of a dimension on which the blind scores differ."""
        version = version_for(self.user, pk)
        services.agree(version, by=self.user, **self.read(ConsensusIn))
        return board(version, status=201)


class RoundIn(Input):
    reason = Text(max_length=5000)


class RubricRounds(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(request=RoundIn, responses={201: BoardOut})
    def post(self, request: Request, pk: UUID) -> Response:
        """Set an agreed score aside and begin another round of blind scoring."""
        version = version_for(self.user, pk)
        services.start_round(version, by=self.user, **self.read(RoundIn))
        return board(version, status=201)


class PointOut(Output):
    at = serializers.DateTimeField()
    version_number = serializers.IntegerField(source="number")
    scored = serializers.FloatField(allow_null=True)
    suggested = serializers.FloatField(allow_null=True)


class RubricHistory(Endpoint):
    pagination_class = None
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=PointOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the totals of a model's versions over time, the newest 60."""
        return Response(PointOut(queries.history_of(model_for(self.user, pk)), many=True).data)


class ComparedOut(Output):
    project = serializers.CharField(source="project.slug")
    version = serializers.UUIDField(source="version.pk", default=None, allow_null=True)
    version_number = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    total = serializers.SerializerMethodField()
    band = serializers.SerializerMethodField()
    levels = serializers.DictField(child=serializers.IntegerField())

    def get_total(self, row: Any) -> float | None:
        """Return the total of 100, null where no version is scored."""
        return row.total if row.version else None

    def get_band(self, row: Any) -> str | None:
        """Return the band, null where no version is scored."""
        return row.band if row.version else None


class RubricComparison(Endpoint):
    pagination_class = None
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ComparedOut(many=True))
    def get(self, request: Request) -> Response:
        """Compare your projects by the newest version of each that is scored, the best first."""
        return Response(ComparedOut(queries.comparison_for(self.user), many=True).data)
