"""Predictions and evaluations."""

import json
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, FiniteFloatField, Input, Output, Text, answer
from apps.api.digests import CONTENT_DIGEST
from apps.api.jobs import JobOut, started
from apps.api.parsing import FlatJSONParser
from apps.api.uploads import ContentIn, content_of
from apps.api.waiting import PREFER, applied, wait_to_read
from apps.core.memory import reading_anew
from apps.evaluations import queries, services
from apps.evaluations.engine.columns import (
    LIST_ROLES,
    MISSING_LABELS,
    MISSING_SCORES,
    SCORE_KINDS,
    SINGLE_ROLES,
    TASKS,
    ColumnMap,
    ColumnsInvalid,
)
from apps.evaluations.models import Evaluation
from apps.jobs.queries import is_finished
from apps.projects.enums import DataRole
from apps.registry.queries import version_for


class ColumnsIn(Input):
    """The column map, one field per role: the roles themselves are the engine's."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return a field for each role and option of a column map."""
        column = {role: Text(required=False, max_length=250, allow_null=True) for role in SINGLE_ROLES}
        several = {
            role: serializers.ListField(required=False, child=Text(max_length=250), max_length=200)
            for role in (*LIST_ROLES, "classes")
        }
        return {
            "task": serializers.ChoiceField(choices=list(TASKS), required=False),
            **column,
            **several,
            "positive_label": Text(required=False, max_length=250, allow_null=True),
            "threshold": FiniteFloatField(required=False),
            "score_kind": serializers.ChoiceField(choices=SCORE_KINDS, required=False),
            "missing_scores": serializers.ChoiceField(choices=MISSING_SCORES, required=False),
            "missing_labels": serializers.ChoiceField(choices=MISSING_LABELS, required=False),
            "k": serializers.IntegerField(required=False, min_value=1, max_value=10_000),
            "period": serializers.IntegerField(required=False, min_value=1, max_value=100_000),
        }


class PredictionsIn(ContentIn):
    file = serializers.FileField(required=False)
    columns = Text(
        max_length=50_000,
        help_text="JSON: task, label, score, prediction, row_id, protected, slices, threshold and the task's further roles",
    )
    dataset = Text(max_length=120)
    split = serializers.ChoiceField(choices=DataRole.choices, default=DataRole.HOLDOUT)

    def validate_columns(self, text: str) -> ColumnMap:
        """Return the column map; it is JSON in one part of the form."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise serializers.ValidationError(f"This is not JSON ({error}).") from error
        filled = ColumnsIn(data=data)
        filled.is_valid(raise_exception=True)
        try:
            return ColumnMap.from_json(filled.validated_data)
        except ColumnsInvalid as error:
            raise serializers.ValidationError(str(error), code=error.code) from error


class PredictionsOut(Output):
    id = serializers.UUIDField()
    version = serializers.UUIDField(source="version_id")
    dataset = serializers.CharField()
    split = serializers.CharField()
    columns = serializers.JSONField()
    row_count = serializers.IntegerField()
    warnings = serializers.JSONField()
    digest = serializers.CharField(source="blob_id")


class Predictions(Endpoint):
    scopes = {"GET": Scope.READ, "POST": Scope.EVIDENCE}
    parser_classes = [MultiPartParser, FlatJSONParser]

    @extend_schema(responses=PredictionsOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the prediction tables of a version."""
        version = version_for(self.user, pk)
        return self.page(queries.predictions_for(self.user).filter(version=version), PredictionsOut)

    @extend_schema(
        request={"multipart/form-data": PredictionsIn, "application/json": PredictionsIn},
        responses={201: PredictionsOut},
        parameters=[CONTENT_DIGEST],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Upload predictions (Parquet or CSV); every row is looked at, and all problems are answered at once."""
        version = version_for(self.user, pk)
        fields: dict[str, Any] = self.read(PredictionsIn)
        content = content_of(fields, project=version.model.project, by=self.user)
        name = getattr(content, "name", None) or ""
        made = services.upload_predictions(version, stream=content, name=name, by=self.user, **fields)
        return answer(PredictionsOut, made, status=201)


class EvaluationIn(Input):
    config = serializers.DictField(
        required=False, help_text="seed, resamples, false_positive_cost, false_negative_cost, margin"
    )


class EvaluationOut(Output):
    id = serializers.UUIDField()
    state = serializers.CharField()
    version = serializers.UUIDField(source="version_id")
    prediction_set = serializers.UUIDField(source="prediction_set_id")
    report_digest = serializers.CharField()
    engine_version = serializers.CharField()
    error = serializers.CharField()
    completed_at = serializers.DateTimeField(allow_null=True)
    job = JobOut()


class EvaluationDetail(EvaluationOut):
    report = serializers.SerializerMethodField()

    def get_report(self, evaluation: Evaluation) -> dict[str, Any] | None:
        """Return the whole report once it is complete."""
        return evaluation.report


class EvaluationStart(Endpoint):
    scopes = {"POST": Scope.EVIDENCE}

    @extend_schema(
        request=EvaluationIn, responses={200: EvaluationOut, 202: EvaluationOut}, parameters=[PREFER]
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Start an evaluation; ask the address in Location, with ``Prefer: wait=30``, until it is complete or failed."""
        predictions = queries.prediction_set_for(self.user, pk)
        made = services.request_evaluation(predictions, by=self.user, **self.read(EvaluationIn))
        return started(request, EvaluationOut, made, job=made.job, location=f"/api/v1/evaluations/{made.pk}")


class EvaluationOne(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=EvaluationDetail, parameters=[PREFER])
    def get(self, request: Request, pk: UUID) -> Response:
        """Return an evaluation: its state, its job and its report; with ``Prefer: wait=30``, when its job has ended."""
        found = queries.evaluation_for(self.user, pk)
        seconds = wait_to_read(request, lambda: found.job_id is None or is_finished(found.job_id))
        if seconds is not None:
            with reading_anew():
                found = queries.evaluation_for(self.user, pk)
        return applied(answer(EvaluationDetail, found), seconds)


class Evaluations(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=EvaluationOut(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """List the evaluations of a version."""
        version = version_for(self.user, pk)
        return self.page(
            queries.evaluations_for(self.user).filter(version=version).defer("report"), EvaluationOut
        )
