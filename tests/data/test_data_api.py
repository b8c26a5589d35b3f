"""Pages and addresses of the data part: they work, refuse bad input, and cost the same with more rows."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.data import services
from apps.projects import services as projects
from tests.data.conftest import SAMPLE, rows_of, run, scores


def file(content, name="f.csv"):
    return SimpleUploadedFile(name, content)


@pytest.mark.method("M2.1", "M2.4")
def test_a_pipeline_sends_samples_and_reads_what_was_found(pipeline, project, source):
    at = f"/api/v1/data-sources/{source.pk}"
    body = {"name": "applications", "scores": scores(), "note": "Looked at."}
    answer = pipeline.post(
        f"/api/v1/projects/{project.pk}/data-sources", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    kept = pipeline.get(f"{at}/assessments").json()["results"]
    assert [one["note"] for one in kept] == ["Looked at.", ""]
    answer = pipeline.post(f"{at}/profiles", {"file": file(SAMPLE), "target": "bought"})
    assert answer.status_code == 202
    assert answer["Location"].endswith(answer.json()["id"])
    _run_all()
    profile = pipeline.get(f"{at}/profiles").json()["results"][0]
    assert profile["report"]["rows"] == 200
    other = body | {"profile": profile["id"], "note": ""}
    answer = pipeline.post(
        f"/api/v1/projects/{project.pk}/data-sources", json.dumps(other), content_type="application/json"
    )
    assert answer.status_code == 422
    leakage = f"/api/v1/projects/{project.pk}/leakage"
    sent = {"train": file(rows_of(0, 90)), "test": file(rows_of(80, 120)), "key": "id"}
    assert pipeline.post(leakage, sent).status_code == 202
    _run_all()
    found = pipeline.get(leakage).json()["results"][0]
    assert found["passes"] is False
    assert found["figures"]["shared_keys"] == 10


def _run_all():
    from apps.jobs.models import Job

    for job in Job.objects.filter(kind__startswith="data.", state="queued"):
        assert run(job).state == "succeeded", job.error


@pytest.mark.method("M2.3")
def test_a_pipeline_registers_changes_and_takes_over_features(pipeline, project):
    at = f"/api/v1/projects/{project.pk}/features"
    kind = "application/json"
    made = pipeline.post(at, {"name": "user_visits_7d_sum", "data_type": "integer"}, content_type=kind)
    assert made.status_code == 201, made.content
    one = f"/api/v1/features/{made.json()['id']}"
    changed = pipeline.patch(
        one, {"online_latency_ms": 50}, content_type=kind, headers={"If-Match": made["ETag"]}
    )
    assert "over 10 ms" in changed.json()["warning"]
    assert pipeline.post(at, {"name": "x", "data_type": "integer"}, content_type=kind).status_code == 422
    answer = pipeline.post(f"{at}/import", {"file": file(b"name,data_type\nuser_a_1d_sum,float\nb,float")})
    assert answer.status_code == 422
    assert "Row 2" in answer.content.decode()
    answer = pipeline.post(f"{at}/import", {"file": file(b"name,data_type\nuser_a_1d_sum,float")})
    assert answer.json() == {"registered": 1, "changed": 0}


def more(project, source, dev, number):
    services.assess(project, name=f"s{number}", scores=scores(), by=dev)
    services.assess(project, name=source.name, scores=scores(), by=dev)
    services.register_feature(project, name=f"user_visits_{number}d_sum", data_type="integer", by=dev)
    projects.record_dataset(
        project, name="d", role="train", content_digest=f"{number:064x}", row_count=1, by=dev
    )


@pytest.mark.method("M2.1", "M2.3", "M2.4")
def test_pages_are_whole_closed_to_strangers_and_cost_the_same_with_more_rows(
    client, project, source, dev, cleo
):
    run(services.request_profile(source, stream=io.BytesIO(SAMPLE), target="bought", by=dev))
    tables = {"train": io.BytesIO(rows_of(0, 90)), "test": io.BytesIO(rows_of(80, 120))}
    run(services.request_leakage(project, **tables, key="id", by=dev))
    feature = services.register_feature(project, name="user_spend_30d_sum", data_type="float", by=dev)
    pages = [
        reverse("data:sources", args=[project.slug]),
        reverse("data:source", args=[source.pk]),
        reverse("data:features", args=[project.slug]),
        reverse("data:leakage", args=[project.slug]),
        reverse("experiments:datasets", args=[project.slug]),
        reverse("experiments:feature_use", args=[project.slug]),
        reverse("data:feature", args=[feature.pk]),
        reverse("data:features_export", args=[project.slug, "csv"]),
    ]
    lists = [f"/api/v1/data-sources/{source.pk}/{one}" for one in ("assessments", "profiles")]
    lists.append(f"/api/v1/projects/{project.pk}/leakage")
    client.force_login(dev)
    more(project, source, dev, 1)
    counts = []
    for _ in range(2):
        now = []
        for path in [*pages, *lists]:
            client.get(path)  # The frame counts what waits once.
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(path)
            assert answer.status_code == 200, path
            now.append((path, len(asked)))
        counts.append(now)
        for number in (2, 3):
            if len(counts) == 1:
                more(project, source, dev, number)
    assert counts[0] == counts[1]
    text = client.get(pages[1]).content.decode()
    assert "The profile proposes 4: 2.00% of all values are missing." in text
    assert "10 of 40 test rows belong to an entity" in client.get(pages[3]).content.decode()
    assert client.get(reverse("data:features_export", args=[project.slug, "exe"])).status_code == 404
    client.force_login(cleo)
    assert {client.get(path).status_code for path in [*pages, *lists]} == {404}


def test_forms_keep_what_is_right_and_show_what_is_wrong(client, project, source, dev):
    client.force_login(dev)
    at = reverse("data:source", args=[source.pk])
    form = {"form": "assess", **dict.fromkeys(scores(), "3")}
    assert client.post(at, form | {"volume": "6"}).status_code == 422
    assert client.post(at, form).status_code == 302
    assert client.post(at, {"form": "profile"}).status_code == 422
    features = reverse("data:features", args=[project.slug])
    fields = {"name": "visits", "data_type": "integer", "owner": str(dev.pk)}
    wrong = client.post(features, fields)
    assert wrong.status_code == 422
    assert "has 1 of the 4 parts" in wrong.content.decode()
    assert client.post(features, fields | {"name": "user_visits_7d_sum"}).status_code == 302
    assert "user_visits_7d_sum" in client.get(features, {"q": "visits 7d"}).content.decode()
    bad = client.post(reverse("data:features_import", args=[project.slug]), {"file": file(b"name\nb")})
    assert bad.status_code == 422
    assert "Row 1" in bad.content.decode()
    assert client.post(reverse("data:leakage", args=[project.slug]), {}).status_code == 422
