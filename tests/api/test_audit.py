"""The trail for pipelines: records, proofs, heads, access, time travel, packs."""

import base64

import pytest
from django.urls import reverse

from apps.audit import tree
from apps.audit.models import Event, Seal
from apps.projects import services as projects
from tests.audit.conftest import seal, sealing

__all__ = ["seal", "sealing"]


def test_records_are_those_of_one_s_projects(pipeline, stranger, project):
    found = pipeline.get("/api/v1/events?page_size=200").json()["results"]
    assert {one["id"] for one in found} == set(
        Event.objects.filter(project_id=project.pk).values_list("pk", flat=True)
    )
    assert stranger.get("/api/v1/events").json()["results"] == []
    some = pipeline.get(
        "/api/v1/events", {"kind": "projects.member", "actor": "ada", "since": "2020-01-01T00:00:00Z"}
    )
    assert {one["kind"] for one in some.json()["results"]} == {"projects.member_added"}
    assert pipeline.get("/api/v1/events", {"until": "2020-01-01T00:00:00Z"}).json()["results"] == []


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00"])
def test_what_is_no_moment_is_refused(pipeline, project, value):
    for path in ("events?since=", f"projects/{project.pk}/access?at=", f"projects/{project.pk}/past?at="):
        assert pipeline.get(f"/api/v1/{path}{value}").status_code == 422


def test_proofs_and_heads_follow_rfc_6962(pipeline, stranger, project, ada, seal):
    event = Event.objects.filter(project_id=project.pk).first()
    address = f"/api/v1/audit/events/{event.pk}/proof"
    assert pipeline.get(address).status_code == 409
    assert pipeline.get("/api/v1/audit/head").status_code == 409
    seal()
    old = Seal.objects.latest("size")
    projects.change_project(project, by=ada, name="Other")
    seal()
    proof = pipeline.get(address).json()
    new = Seal.objects.latest("size")
    path = [base64.b64decode(step) for step in proof["path"]]
    tree.check_inclusion(
        tree.hash_leaf(proof["leaf"].encode()), proof["index"], proof["size"], path, bytes(new.root)
    )
    head = pipeline.get(f"/api/v1/audit/head?from={old.size}").json()
    steps = [base64.b64decode(step) for step in head["consistency"]]
    tree.check_consistency(old.size, head["size"], bytes(old.root), bytes(new.root), steps)
    for wrong in ("x", "-1", str(new.size + 1), "9" * 30):
        assert pipeline.get(f"/api/v1/audit/head?from={wrong}").status_code == 422
    assert stranger.get(address).status_code == 404


def test_access_past_and_packs(pipeline, stranger, project, version):
    access = pipeline.get(f"/api/v1/projects/{project.pk}/access").json()
    assert {row["principal"] for row in access["rows"]} >= {"Ada", "Ben", "ci"}
    past = pipeline.get(f"/api/v1/projects/{project.pk}/past").json()
    assert past["models"][0]["version"] is None
    address = f"/api/v1/projects/{project.pk}/packs"
    made = pipeline.post(address, {"as_of": "2026-01-01T00:00:00Z"}, format="json")
    assert made.status_code == 202
    assert made["Location"] == reverse("assurance:pack_download", args=[made.json()["id"]])
    assert pipeline.post(address, {"as_of": "2999-01-01T00:00:00Z"}, format="json").status_code == 422
    assert pipeline.post(f"/api/v1/versions/{version.pk}/packs").status_code == 202
    assert stranger.post(f"/api/v1/versions/{version.pk}/packs").status_code == 404
