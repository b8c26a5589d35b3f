"""The audit trail: records, proofs, signed heads, who could do what, what was in production."""

import base64
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.enums import Scope
from apps.api.base import Endpoint, Input, Output, answer
from apps.api.jobs import JobOut, started
from apps.api.waiting import PREFER
from apps.assurance import queries, records, services
from apps.assurance.access import access_on
from apps.assurance.past import production_on
from apps.audit import proofs
from apps.core.errors import Invalid, Refused
from apps.core.texts import whole_number
from apps.projects.queries import project_by_id_for
from apps.registry.queries import version_for

AT = OpenApiParameter(
    "at", datetime, description="the moment, with its offset from UTC; now where it is left out"
)


def moment(request: Request, name: str) -> datetime | None:
    """Return a moment of the query in UTC; raises Invalid for one that is none or lacks its offset."""
    given = request.query_params.get(name)
    if given is None:
        return None
    # The database knows no offset beyond 15:59, and an offset may lead out of the years that there are.
    with suppress(ValueError, OverflowError):
        found = parse_datetime(given)
        if found is not None and timezone.is_aware(found):
            return found.astimezone(UTC)
    raise Invalid(
        f"{name} is not a moment. Write it as 2026-03-03T12:00:00Z; a + must be sent as %2B.",
        code="bad_moment",
    )


class ProofOut(Output):
    format = serializers.CharField()
    leaf = serializers.CharField()
    index = serializers.IntegerField()
    size = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    head = serializers.CharField()
    key = serializers.CharField()


class EventProof(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(responses=ProofOut)
    def get(self, request: Request, number: int) -> Response:
        """Return the proof that a record is in the sealed log; 409 until it is sealed."""
        return answer(ProofOut, records.proof_of(queries.event_for(self.user, number)))


class HeadOut(Output):
    size = serializers.IntegerField()
    note = serializers.CharField()
    verifier_key = serializers.CharField()
    sealed_at = serializers.DateTimeField()
    consistency = serializers.ListField(child=serializers.CharField(), allow_null=True)


class Head(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        parameters=[
            OpenApiParameter("from", int, description="size of an older head: adds the consistency proof")
        ],
        responses=HeadOut,
    )
    def get(self, request: Request) -> Response:
        """Return the newest signed head, with the proof that it grew out of the older one that you hold; 409 before the first."""
        seal = proofs.newest_seal()
        if seal is None:
            raise Refused(
                "Nothing is sealed yet. The sealer signs the first head within seconds.", code="not_sealed"
            )
        return answer(HeadOut, _head(seal, request.query_params.get("from")))


def _head(seal: Any, older: str | None) -> dict[str, Any]:
    path = None
    if older is not None:
        size = whole_number(older, digits=18)
        if size is None or size > seal.size:
            raise Invalid(f"from is the size of an older head, at most {seal.size}.", code="bad_size")
        path = [base64.b64encode(step).decode() for step in proofs.consistency_proof(size, seal.size)]
    return {
        "size": seal.size,
        "note": seal.note,
        "verifier_key": seal.verifier_key,
        "sealed_at": seal.sealed_at,
        "consistency": path,
    }


class AccessOut(Output):
    at = serializers.DateTimeField()
    rows = serializers.JSONField()


class Access(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(parameters=[AT], responses=AccessOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return who could do what in a project at a moment."""
        project = project_by_id_for(self.user, pk)
        at = moment(request, "at") or timezone.now()
        rows = [
            {
                "principal": row.principal.name,
                "principal_id": row.principal.id,
                "kind": row.principal.kind,
                "owner": row.principal.owner,
                "in_project": bool(row.project),
                "role": row.role,
                "rights": list(row.rights),
                "tokens": [{"name": one.name, "scopes": one.scopes} for one in row.tokens],
            }
            for row in access_on(at, project=project)
        ]
        return answer(AccessOut, {"at": at, "rows": rows})


class PastOut(Output):
    at = serializers.DateTimeField()
    models = serializers.JSONField()


class Past(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(parameters=[AT], responses=PastOut)
    def get(self, request: Request, pk: UUID) -> Response:
        """Return what was in production at a moment, who had approved it, and on what evidence."""
        project = project_by_id_for(self.user, pk)
        at = moment(request, "at") or timezone.now()
        return answer(PastOut, {"at": at, "models": [one.to_json() for one in production_on(project, at)]})


class PackIn(Input):
    as_of = serializers.DateTimeField()


class PackOut(Output):
    id = serializers.UUIDField()
    job = JobOut()
    as_of = serializers.DateTimeField(allow_null=True)


class ProjectPack(Endpoint):
    scopes = {"POST": Scope.READ}

    @extend_schema(request=PackIn, responses={200: PackOut, 202: PackOut}, parameters=[PREFER])
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker make the evidence pack of a project as it was at a moment."""
        project = project_by_id_for(self.user, pk)
        made = services.request_pack(project, by=self.user, as_of=self.read(PackIn)["as_of"])
        return started(request, PackOut, made, job=made.job, location=f"/packs/{made.pk}.zip")


class VersionPack(Endpoint):
    scopes = {"POST": Scope.READ}

    @extend_schema(request=None, responses={200: PackOut, 202: PackOut}, parameters=[PREFER])
    def post(self, request: Request, pk: UUID) -> Response:
        """Let a worker make the evidence pack of a version."""
        version = version_for(self.user, pk)
        made = services.request_pack(version.model.project, by=self.user, version=version)
        return started(request, PackOut, made, job=made.job, location=f"/packs/{made.pk}.zip")
