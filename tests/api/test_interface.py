"""What a pipeline does, and what it is told when it errs."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.experiments.models import Experiment
from apps.jobs import running
from apps.registry.models import Version
from tests.api.conftest import client_with
from tests.cast import COLUMNS, predictions_csv

API = "/api/v1"


def upload(client, version, content, *, name="p.csv", columns=None):
    body = {
        "file": SimpleUploadedFile(name, content),
        "columns": json.dumps(columns or COLUMNS.to_json()),
        "dataset": "holdout",
    }
    return client.post(f"{API}/versions/{version.pk}/predictions", body, format="multipart")


def test_without_a_token_the_answer_is_401_with_how_to_sign_in(client):
    answer = client.get(f"{API}/projects")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.promise("30")
def test_a_token_without_the_scope_is_refused_and_told_which_it_needs(ci, project, dev):
    _, secret = accounts.issue_token(ci.user, name="reader", scopes=["read"], by=dev)
    answer = client_with(secret).post(
        f"{API}/projects/{project.pk}/experiments", {"name": "x"}, format="json"
    )
    assert answer.status_code == 403
    assert "track" in answer.json()["detail"]


def test_a_run_is_logged_and_a_point_sent_twice_counts_once(pipeline, project):
    experiment = pipeline.post(f"{API}/projects/{project.pk}/experiments", {"name": "one"}, format="json")
    assert experiment.status_code == 201
    runs = f"{API}/experiments/{experiment.json()['id']}/runs"
    run = pipeline.post(runs, {"name": "r", "params": {"C": 1}, "seed": 3}, format="json").json()
    points = {"metrics": [{"name": "auc", "value": 0.8}, {"name": "loss", "value": 0.3, "step": 2}]}
    where = f"{API}/runs/{run['id']}/metrics"
    at = {"metrics": [{**point, "at": "2026-01-01T00:00:00Z"} for point in points["metrics"]]}
    assert pipeline.post(where, at, format="json").json() == {"added": 2}
    assert pipeline.post(where, at, format="json").json() == {"added": 0}
    assert pipeline.get(f"{API}/runs/{run['id']}").json()["metrics"] == {"auc": 0.8, "loss": 0.3}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_metric_must_be_finite(pipeline, run, value):
    body = f'{{"metrics": [{{"name": "auc", "value": {value}}}]}}'
    answer = pipeline.post(f"{API}/runs/{run.pk}/metrics", body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert run.metrics.count() == 0


def test_a_field_with_a_typing_error_is_named_with_the_one_meant(pipeline, project):
    answer = pipeline.post(f"{API}/projects/{project.pk}/experiments", {"nmae": "x"}, format="json")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert {"pointer": "/nmae", "detail": "There is no such field. Did you mean “name”?"} in problem["errors"]


@pytest.mark.promise("29")
def test_an_idempotency_key_answers_twice_and_acts_once(pipeline, project):
    path, body = f"{API}/projects/{project.pk}/experiments", {"name": "once"}
    first = pipeline.post(path, body, format="json", headers={"Idempotency-Key": "k1"})
    second = pipeline.post(path, body, format="json", headers={"Idempotency-Key": "k1"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Experiment.objects.filter(name="once").count() == 1
    other = pipeline.post(path, {"name": "two"}, format="json", headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


@pytest.mark.promise("8")
def test_a_change_needs_the_state_it_changes(pipeline, project):
    path = f"{API}/projects/{project.pk}"
    assert pipeline.patch(path, {"name": "N"}, format="json").status_code == 428
    brief = f"{path}/brief"
    etag = pipeline.get(brief)["ETag"]
    body = {"baseline": "By hand."}
    assert pipeline.patch(brief, body, format="json", headers={"If-Match": etag}).status_code == 200
    assert pipeline.patch(brief, body, format="json", headers={"If-Match": etag}).status_code == 412


def test_an_evaluation_is_202_then_a_report(pipeline, version):
    kept = upload(pipeline, version, predictions_csv())
    assert kept.status_code == 201, kept.json()
    started = pipeline.post(f"{API}/predictions/{kept.json()['id']}/evaluations", {}, format="json")
    assert started.status_code == 202
    running.run(started.json()["job"]["id"], worker="test")
    found = pipeline.get(started["Location"]).json()
    assert found["state"] == "complete"
    assert found["report"]["n"] == 600
    assert set(found["report"]["fairness"]) == {"race", "sex"}


def test_the_gate_answers_every_criterion_and_writes_nothing(pipeline, version):
    answer = pipeline.get(f"{API}/versions/{version.pk}/gate?to=staging").json()
    assert answer["state"] in {"fail", "missing"}
    assert {one["key"] for one in answer["criteria"]} >= {"evaluated", "data_score", "brief_complete"}
    assert version.promotions.count() == 0


@pytest.mark.parametrize(("query", "code"), [("", "stage_missing"), ("?to=prodution", "unknown_stage")])
def test_the_gate_of_an_unknown_stage(pipeline, version, query, code):
    answer = pipeline.get(f"{API}/versions/{version.pk}/gate{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


BAD = {
    "a_csv_named_parquet": (predictions_csv(rows=40), "p.parquet", {}),
    "nan_scores": (predictions_csv(rows=40).replace(b"0.9", b"nan"), "p.csv", {}),
    "missing_column": (predictions_csv(rows=40), "p.csv", {"score": "probability"}),
    "empty": (b"", "p.csv", {}),
    "scores_over_one": (predictions_csv(rows=40).replace(b",0.", b",7."), "p.csv", {}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused_with_what_where_and_what_to_do(pipeline, version, name):
    content, file_name, columns = BAD[name]
    answer = upload(pipeline, version, content, name=file_name, columns=COLUMNS.to_json() | columns)
    problem = answer.json()
    if name == "a_csv_named_parquet" and answer.status_code == 201:
        pytest.fail("a CSV named .parquet must not pass as Parquet silently")
    assert answer.status_code == 422, problem
    assert problem["detail"].endswith((".", "?"))
    assert version.prediction_sets.count() == 0


def test_one_class_alone_is_taken_with_a_warning_and_ranks_nothing(pipeline, version):
    rows = "\n".join(f"r{n},1,0.5,A,F,north" for n in range(40))
    kept = upload(pipeline, version, f"id,approve,score,race,sex,branch\n{rows}".encode())
    assert [one["code"] for one in kept.json()["warnings"]][:1] == ["one_class"]
    started = pipeline.post(f"{API}/predictions/{kept.json()['id']}/evaluations", {}, format="json")
    running.run(started.json()["job"]["id"], worker="test")
    auc = pipeline.get(started["Location"]).json()["report"]["metrics"]["roc_auc"]
    assert auc["value"] is None
    assert "one class" in auc["reason"]


def test_a_group_of_three_is_shown_and_not_judged(pipeline, version):
    content = predictions_csv() + b"\n" + b"\n".join(b"x%d,1,0.7,C,F,north" % n for n in range(3))
    kept = upload(pipeline, version, content).json()
    started = pipeline.post(f"{API}/predictions/{kept['id']}/evaluations", {}, format="json")
    running.run(started.json()["job"]["id"], worker="test")
    race = pipeline.get(started["Location"]).json()["report"]["fairness"]["race"]
    small = next(group for group in race["groups"] if group["value"] == "C")
    assert small["n"] == 3
    assert not small["judged"]


def test_a_second_request_while_one_is_open_names_it(pipeline, ready):
    path = f"{API}/versions/{ready.pk}/promotions"
    first = pipeline.post(path, {"to": "staging"}, format="json")
    assert (first.status_code, first.json()["state"]) == (201, "open")
    second = pipeline.post(path, {"to": "staging"}, format="json")
    assert (second.status_code, second.json()["promotion"]) == (409, first.json()["id"])


def test_a_version_with_its_file_is_registered(pipeline, model, run):
    body = {"run": str(run.pk), "change": "major", "file": SimpleUploadedFile("m.npz", b"weights")}
    answer = pipeline.post(f"{API}/models/{model.pk}/versions", body, format="multipart")
    assert answer.status_code == 201
    assert Version.objects.get(pk=answer.json()["id"]).artifacts.get().blob.size_bytes == 7


def test_lists_come_in_pages_with_a_cursor(pipeline, project, dev):
    from apps.experiments import services

    for number in range(3):
        services.create_experiment(project, name=f"e{number}", by=dev)
    first = pipeline.get(f"{API}/projects/{project.pk}/experiments?page_size=2").json()
    assert len(first["results"]) == 2
    second = pipeline.get(first["next"]).json()
    assert len(second["results"]) == 1


@pytest.mark.promise("28")
def test_a_broken_body_and_an_unknown_address_are_problems(pipeline):
    broken = pipeline.post(f"{API}/projects", "{", content_type="application/json")
    assert (broken.status_code, broken["Content-Type"]) == (400, "application/problem+json")
    assert pipeline.get(f"{API}/nothing").status_code == 404


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_address_is_a_problem_with_every_verb_for_a_browser_s_rules_too(ci, verb):
    strict = APIClient(enforce_csrf_checks=True)
    answer = getattr(strict, verb)(f"{API}/nothing/here", headers={"Authorization": f"Bearer {ci.secret}"})
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_an_artifact_outside_its_folder_is_refused(pipeline, run):
    body = {"path": "../../etc/passwd", "file": io.BytesIO(b"x")}
    answer = pipeline.post(f"{API}/runs/{run.pk}/artifacts", body, format="multipart")
    assert answer.status_code == 422


@pytest.mark.parametrize("address", ["access", "past"])
def test_a_moment_may_have_any_offset_and_must_be_in_the_years_that_there_are(pipeline, project, address):
    path = f"{API}/projects/{project.pk}/{address}"
    far = pipeline.get(path, {"at": "3521-03-18T23:38:21+21:29"})
    assert far.status_code == 200
    assert far.json()["at"] == "3521-03-18T02:09:21Z"
    assert pipeline.get(path, {"at": "0001-01-01T00:00:00+21:29"}).json()["code"] == "bad_moment"
