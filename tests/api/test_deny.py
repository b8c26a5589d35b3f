"""Deny by default, shown by a walk over the whole URL map; and queries that do not grow with rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from apps.api.base import Endpoint
from apps.experiments import services as experiments
from apps.registry import services as registry
from tests.cast import evaluate

OPEN = {"account_login", "account_logout"}


def patterns(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry


@pytest.fixture
def ids(version, project, dev):
    evaluation = evaluate(version, by=dev)
    return {
        "projects": project.pk,
        "experiments": version.run.experiment_id,
        "runs": version.run_id,
        "models": version.model_id,
        "versions": version.pk,
        "predictions": evaluation.prediction_set_id,
        "evaluations": evaluation.pk,
        "jobs": evaluation.job_id,
    }


def test_every_endpoint_declares_its_scopes():
    for _, entry in patterns():
        view = getattr(entry.callback, "cls", None)
        if view is not None and issubclass(view, Endpoint):
            assert view.scopes, view
            implemented = {name.upper() for name in view.http_method_names if hasattr(view, name)} - {
                "OPTIONS",
                "HEAD",
            }
            assert implemented == set(view.scopes), view


def test_a_stranger_finds_nothing_behind_any_address(ids, stranger):
    walked = 0
    for route, entry in patterns():
        if not route.startswith("api/v1/") or "<uuid:pk>" not in route:
            continue
        kind = route.removeprefix("api/v1/").split("/")[0]
        if kind not in ids:
            continue
        path = "/" + route.replace("<uuid:pk>", str(ids[kind])).replace("<slug:key>", "bias")
        for method in entry.callback.cls.scopes:
            answer = getattr(stranger, method.lower())(path, headers={"If-Match": '"1"'})
            assert answer.status_code in {404, 415}, f"{method} {path}: {answer.status_code}"
            walked += 1
    assert walked > 40


def test_without_signing_in_no_address_answers(client, ids, project):
    for route, entry in patterns():
        name = entry.name or ""
        if name in OPEN or (route.startswith("api/v1/") and "(" in route):
            continue
        path = "/" + route.lstrip("^")
        for part, value in (
            ("<uuid:pk>", ids["versions"]),
            ("<slug:slug>", project.slug),
            ("<slug:key>", "bias"),
        ):
            path = path.replace(part, str(value))
        path = path.replace("<int:number>", "1")
        answer = client.get(path)
        assert answer.status_code in {302, 401, 403, 404, 405}, f"{path}: {answer.status_code}"
        if answer.status_code == 302:
            assert "/accounts/login/" in answer["Location"]


def queries(client, path):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return len(caught), answer.json()


LISTS = {
    "experiments": lambda project, model, dev: experiments.create_experiment(project, name="more", by=dev),
    "models": lambda project, model, dev: registry.create_model(
        project, slug=f"m{project.models.count()}", name="m", by=dev
    ),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_costs_the_same_with_three_rows(pipeline, project, model, dev, kind):
    path = f"/api/v1/projects/{project.pk}/{kind}"
    LISTS[kind](project, model, dev)
    queries(pipeline, path)
    before, _ = queries(pipeline, path)
    for _ in range(2):
        LISTS[kind](project, model, dev)
    after, body = queries(pipeline, path)
    assert len(body["results"]) >= 3
    assert after == before


def test_the_versions_of_a_model_cost_the_same_with_three(pipeline, model, version, run, dev):
    path = f"/api/v1/models/{model.pk}/versions"
    queries(pipeline, path)
    before, _ = queries(pipeline, path)
    for _ in range(2):
        registry.register_version(model, by=dev, run=run)
    after, body = queries(pipeline, path)
    assert (len(body["results"]), after) == (3, before)
