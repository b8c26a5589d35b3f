"""The pages of the trail: filters, a record, a story, exports, verify now; who may see them, and what they cost."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit import queries
from apps.audit.models import Event, Verification
from apps.core.paging import LongPaginator
from apps.jobs import running
from apps.jobs.models import Job
from apps.projects import services as projects
from tests.assurance.test_reviews import content_of
from tests.audit.test_offline import script


def body(answer):
    if not answer.streaming:
        return answer.content.decode()
    return content_of(answer).decode()


@pytest.fixture
def trail(project):
    return reverse("portal:audit_project", args=[project.slug])


def test_the_trail_is_filtered_by_who_what_and_when(client, project, ada, dev, trail):
    client.force_login(dev)
    assert "gave Ben the role reviewer" in body(
        client.get(trail, {"kind": "projects.member", "actor": "ada"})
    )
    for nothing in (
        {"actor": "nobody"},
        {"subject": "zzz"},
        {"until": "2020-01-01"},
        {"since": "2999-01-01"},
    ):
        assert "Nothing matches the filter" in body(client.get(trail, nothing))
    assert "Enter a valid date" in body(client.get(trail, {"since": "yesterday"}))


def test_the_seal_stands_above_the_trail(client, project, dev, olga, trail, seal):
    client.force_login(dev)
    assert "Nothing is sealed yet" in body(client.get(trail))
    seal()
    page = body(client.get(trail))
    assert f"Sealed</span> to record {Event.objects.count()}" in page
    assert "Verify now" not in page
    assert client.post(reverse("assurance:verify")).status_code == 404


def test_a_long_trail_is_counted_as_far_as_its_newest_records(client, project, dev, trail, monkeypatch):
    client.force_login(dev)
    total = Event.objects.filter(project_id=project.pk).count()
    assert f"{total} records, newest first." in body(client.get(trail))
    monkeypatch.setattr(LongPaginator, "MOST", 2)
    assert "2 or more records, newest first. A filter reaches older ones" in body(client.get(trail))


def test_what_waits_for_a_seal_is_counted_as_far_as_it_matters(
    client, project, dev, trail, seal, monkeypatch
):
    seal()
    client.force_login(dev)
    for name in ("Second", "Third", "Fourth"):
        projects.create_project(slug=name.lower(), name=name, by=dev)
    monkeypatch.setattr(queries, "MOST_WAITING", 2)
    assert "2 or more newer wait for the sealer" in body(client.get(trail))


def test_an_auditor_has_the_log_verified_now(client, project, olga, seal, settings):
    seal()
    client.force_login(olga)
    answer = client.post(reverse("assurance:verify"))
    job = Job.objects.get(kind="assurance.verify_log")
    assert answer["Location"] == reverse("jobs:job", args=[job.pk])
    Job.objects.filter(pk=job.pk).update(args={"parallel": False})
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    assert Verification.objects.get().ok
    assert "Verified" in body(client.get(reverse("portal:audit_site")))


def test_a_record_shows_its_leaf_and_proof_and_the_script_verifies_it(
    client, project, dev, cleo, seal, tmp_path
):
    client.force_login(dev)
    event = Event.objects.filter(project_id=project.pk).first()
    page, proof = (reverse(f"assurance:{name}", args=[event.pk]) for name in ("event", "proof"))
    assert "Not sealed yet" in body(client.get(page))
    assert client.get(proof).status_code == 409
    assert client.get(reverse("assurance:head")).status_code == 409
    seal()
    assert "The signed head" in body(client.get(page))
    path = tmp_path / "proof.json"
    path.write_text(body(client.get(proof)))
    assert script.main([str(path)]) == 0
    story = body(client.get(reverse("assurance:story", args=[event.pk])))
    assert "created the project" in story
    assert body(client.get(reverse("assurance:head"))).startswith("mlgov/test\n")
    assert "ed25519_verify" in body(client.get(reverse("assurance:verifier")))
    client.force_login(cleo)
    for name in ("event", "proof", "story"):
        assert client.get(reverse(f"assurance:{name}", args=[event.pk])).status_code == 404


def test_a_member_does_not_see_the_site_s_records(client, project, dev, olga):
    event = Event.objects.filter(project_id=None).first()
    client.force_login(dev)
    assert client.get(reverse("assurance:event", args=[event.pk])).status_code == 404
    assert client.get(f"/audit/records/{10**30}/").status_code == 404
    assert client.get(reverse("assurance:export_site", args=["csv"])).status_code == 404
    client.force_login(olga)
    assert client.get(reverse("assurance:event", args=[event.pk])).status_code == 200
    assert client.get(reverse("assurance:export_site", args=["csv"])).status_code == 200


def test_exports_run_no_formula_and_carry_proofs(client, project, ada, dev, cleo, seal, tmp_path, sealing):
    projects.change_project(project, by=ada, name="=HYPERLINK(1)")
    seal()
    projects.change_project(project, by=ada, name="Later")
    client.force_login(dev)
    answer = client.get(reverse("assurance:export_project", args=[project.slug, "csv"]))
    rows = list(csv.DictReader(io.StringIO(body(answer))))
    assert len(rows) == Event.objects.filter(project_id=project.pk).count()
    assert "'=HYPERLINK(1)" in {row["object"] for row in rows}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    lines = body(client.get(reverse("assurance:export_project", args=[project.slug, "jsonl"])))
    assert json.loads(lines.splitlines()[-1])["proof"] is None
    path = tmp_path / "audit.jsonl"
    path.write_text(lines)
    assert script.main([str(path), f"--key={sealing.verifier}"]) == 0
    path.write_text(lines.replace("HYPERLINK", "HYPERLUNK"))
    assert script.main([str(path), f"--key={sealing.verifier}"]) == 1
    assert client.get(reverse("assurance:export_project", args=[project.slug, "xml"])).status_code == 404
    client.force_login(cleo)
    assert client.get(reverse("assurance:export_project", args=[project.slug, "csv"])).status_code == 404


def cost(client, path):
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


@pytest.mark.parametrize("name", ["event", "story", "access_project", "past", "packs"])
def test_a_page_costs_the_same_with_more_rows(client, project, version, ada, dev, seal, name):
    from tests.cast import person

    seal()
    client.force_login(dev)
    number = Event.objects.filter(object_id=project.pk).first().pk
    path = reverse(f"assurance:{name}", args=[number if name in {"event", "story"} else project.slug])
    client.post(reverse("assurance:packs", args=[project.slug]), {"on": "2026-01-01"})
    client.get(path)
    before = cost(client, path)
    for step in range(3):
        projects.change_project(project, by=ada, name=f"n{step}")
        projects.add_member(project, user=person(f"p{step}"), role="viewer", by=ada)
        client.post(reverse("assurance:packs", args=[project.slug]), {"on": "2026-01-01"})
    seal()
    assert cost(client, path) == before
