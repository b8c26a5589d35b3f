"""Deny by default, shown by a walk over the whole URL map; and queries that do not grow with rows."""

import io
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.proofs import Proof
from apps.api.base import Endpoint
from apps.api.openapi import document
from apps.costs import services as costs
from apps.data import services as data
from apps.evaluations import services as evaluations
from apps.experiments import services as experiments
from apps.findings import services as findings
from apps.gates import reviewing
from apps.gates import services as gates
from apps.gates.enums import ReviewState
from apps.identity import services as identity
from apps.identity.claims import GITHUB
from apps.modelcards import commenting, sharing
from apps.modelcards import services as cards
from apps.monitoring import services as monitoring
from apps.notifications import services as notifications
from apps.policies.services import publish
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import DataSource, Project
from apps.registry import services as registry
from apps.registry.models import Version
from apps.uploads import services as uploads
from tests.cast import COLUMNS, PASSWORD, evaluate, person, predictions_csv, weights
from tests.modelcards import living

OPEN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "client",
    "client_checksum",
}


def patterns(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry


@pytest.fixture
def ids(version, project, ada, dev):
    evaluation = evaluate(version, by=dev)
    webhook, _ = notifications.create_webhook(project, name="w", url="https://example.org", by=ada)
    return {
        "projects": project.pk,
        "experiments": version.run.experiment_id,
        "runs": version.run_id,
        "models": version.model_id,
        "versions": version.pk,
        "predictions": evaluation.prediction_set_id,
        "evaluations": evaluation.pk,
        "jobs": evaluation.job_id,
        "webhooks": webhook.pk,
        "deliveries": notifications.send_test(webhook, by=ada).pk,
        "trusts": trusted(project, 1, ada).pk,
        "uploads": uploads.begin(project, size_bytes=3, sha256="0" * 64, by=dev).pk,
    }


def trusted(project, number, ada):
    claims = {"repository_id": "4711", "repository_owner_id": "42", "ref": "refs/heads/main"}
    account = accounts.create_service_account(f"s{number}", owner=ada, by=ada)
    said = {"kind": "github", "issuer": GITHUB, "claims": claims, "account": account, "scopes": ["read"]}
    return identity.create_trust(project, name=f"t{number}", by=ada, **said)


@pytest.mark.promise("30")
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


@pytest.mark.promise("28")
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


@pytest.mark.promise("30")
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
            ("<slug:to>", "production"),
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


def more_dataset(world, number):
    projects.record_dataset(
        world.project, name="d", role="train", content_digest=f"{number:064x}", row_count=1, by=world.dev
    )


def more_prediction(world, number):
    stream = io.BytesIO(predictions_csv(rows=60, seed=number))
    kept = evaluations.upload_predictions(
        world.version, stream=stream, columns=COLUMNS, dataset="h", by=world.dev
    )
    evaluations.request_evaluation(kept, by=world.dev)


def more_waiver(world, number):
    until = timezone.now() + timedelta(days=number)
    criteria = ["evaluated", "brief_complete", "data_score", "beats_random"]
    gates.ask_waiver(
        world.version,
        to_stage="staging",
        criterion=criteria[number],
        reason="Only to have a row in the list.",
        until=until,
        by=world.dev,
    )


def more_postmortem(world, number):
    fresh = registry.register_version(world.version.model, by=world.dev)
    for stage in ("staging", "production"):
        gates.break_glass(
            fresh,
            to_stage=stage,
            reason="A row in the list of reviews, made by a test of the lists.",
            by=world.ada,
            proof=Proof(password=PASSWORD),
        )
        fresh.refresh_from_db()


def more_metrics(world, number):
    ended = timezone.now() - timedelta(hours=number)
    monitoring.report_metrics(
        world.version,
        started_at=ended - timedelta(minutes=5),
        ended_at=ended,
        channel="production",
        requests=10,
        errors=0,
        by=world.dev,
    )


def more_promotion(world, number):
    made = gates.request_promotion(world.version, to_stage="staging", by=world.dev)
    assert made.state == "refused"


def more_review(world, number):
    promotion = world.version.promotions.first() or world.ask()
    end = timezone.now() + timedelta(days=number)
    made = reviewing.begin(promotion, state=ReviewState.OPEN, opens_at=end, due_at=end, by=world.dev)
    reviewing.move(made, ReviewState.MOOT, by=world.dev, event="gates.review_moot")


def more_delegation(world, number):
    signer, other = person(f"s{number}"), person(f"o{number}")
    for one in (signer, other):
        projects.add_member(world.project, user=one, role=Role.REVIEWER, by=world.ada)
    until = timezone.now() + timedelta(days=1)
    gates.delegate(world.project, to=other, until=until, reason="Away tomorrow.", by=signer)


def more_move(world, number):
    source = world.project.policy_revision.source.replace("Standard method", f"Method {number}")
    move = gates.ask_move(
        world.project, to=publish(source, by=None), reason="A row in the list.", by=world.ada
    )
    gates.close_move(move, reason="It was only a row.", by=world.ada)


#: Address of a list -> what adds a row to it.
def find(project, number, ada):
    """Let a kill criterion of the project's own hold."""
    projects.add_kill_criterion(project, title=f"Stop {number}", expression="data.sources >= 0", by=ada)
    findings.look_at(project)


def more_link(world, number):
    if number == 1:
        living.published(world.version, writer=world.dev, publisher=world.ben)
    with override_settings(PUBLIC_CARDS=True):
        sharing.create_link(world.version, note=f"Link {number}", days=30, by=world.ada)


LISTS = {
    "uploads": lambda world, number: uploads.begin(
        world.project, size_bytes=number, sha256="0" * 64, by=world.ci
    ),
    "projects": lambda world, number: joined(world, number),
    "projects/{project}/members": lambda world, number: projects.add_member(
        world.project, user=person(f"p{number}"), role=Role.VIEWER, by=world.ada
    ),
    "projects/{project}/findings": lambda world, number: find(world.project, number, world.ada),
    "projects/{project}/data-sources": lambda world, number: projects.assess_data_source(
        world.project, name=f"s{number}", scores=dict.fromkeys(DataSource.DIMENSIONS, 3), by=world.dev
    ),
    "projects/{project}/datasets": more_dataset,
    "projects/{project}/features": lambda world, number: data.register_feature(
        world.project, name=f"user_visits_{number}d_sum", data_type="integer", by=world.dev
    ),
    "projects/{project}/experiments": lambda world, number: experiments.create_experiment(
        world.project, name=f"e{number}", by=world.dev
    ),
    "projects/{project}/models": lambda world, number: registry.create_model(
        world.project, slug=f"m{number}", name="m", by=world.dev
    ),
    "projects/{project}/costs": lambda world, number: costs.record_cost(
        world.project, kind="training", amount="1", currency="USD", spent_on=date(2026, 1, 1), by=world.dev
    ),
    "exchange-rates": lambda world, number: costs.enter_rate(
        currency="EUR",
        per="USD",
        value=Decimal(number),
        valid_from=date(2026, 1, 1),
        source="ECB",
        by=person(f"adm{number}", "administrator"),
    ),
    "events": lambda world, number: projects.change_project(world.project, by=world.ada, name=f"n{number}"),
    "projects/{project}/audit": lambda world, number: projects.change_project(
        world.project, by=world.ada, name=f"n{number}"
    ),
    "experiments/{experiment}/verdicts": lambda world, number: experiments.give_verdict(
        world.version.run.experiment, verdict="iterate", reason=f"It is round {number} now.", by=world.dev
    ),
    "experiments/{experiment}/runs": lambda world, number: experiments.start_run(
        world.version.run.experiment, name=f"r{number}", by=world.dev
    ),
    "runs/{run}/metrics": lambda world, number: experiments.log_metrics(
        world.version.run, metrics=[experiments.MetricPoint(f"m{number}", 1.0, 0, None)], by=world.dev
    ),
    "runs/{run}/artifacts": lambda world, number: experiments.log_artifact(
        world.version.run, path=f"f{number}", stream=io.BytesIO(b"x"), by=world.dev
    ),
    "models/{model}/versions": lambda world, number: registry.register_version(
        world.version.model, by=world.dev, run=world.version.run
    ),
    "versions/{version}/artifacts": lambda world, number: registry.pin_artifact(
        world.version, path=f"f{number}.npz", stream=io.BytesIO(weights()), by=world.dev
    ),
    "versions/{version}/checks": lambda world, number: registry.report_check(
        world.version, name=f"c{number}", status="passed", by=world.dev
    ),
    "versions/{version}/predictions": more_prediction,
    "versions/{version}/evaluations": more_prediction,
    "versions/{version}/promotions": more_promotion,
    "versions/{version}/reviews": more_review,
    "projects/{project}/delegations": more_delegation,
    "projects/{project}/trusts": lambda world, number: trusted(world.project, number, world.ada),
    "promotions/{promotion}/comments": lambda world, number: gates.comment(
        world.version.promotions.get(), text=f"comment {number}", by=world.dev
    ),
    "versions/{version}/production-metrics": more_metrics,
    "versions/{version}/card/revisions": lambda world, number: cards.change_card(
        world.version, fields={"caveats": f"Caveat {number}."}, by=world.dev
    ),
    "versions/{version}/card/publications": lambda world, number: living.published(
        world.version, writer=world.dev, publisher=world.ben, caveats=f"Caveat {number}."
    ),
    "versions/{version}/card/links": more_link,
    "versions/{version}/card/comments": lambda world, number: commenting.comment(
        world.version, field="caveats", text=f"Comment {number}.", by=world.dev
    ),
    "versions/{version}/waivers": more_waiver,
    "projects/{project}/waivers": more_waiver,
    "projects/{project}/postmortems": more_postmortem,
    "projects/{project}/policy-moves": more_move,
}


def joined(world, number):
    made = projects.create_project(slug=f"p{number}", name="p", by=world.ada)
    projects.add_member(made, user=world.ci, role=Role.CONTRIBUTOR, by=world.ada)


@dataclass
class World:
    project: Project
    version: Version
    ada: User
    dev: User
    ben: User
    ci: User

    def ask(self):
        return gates.request_promotion(self.version, to_stage="staging", by=self.dev)


@pytest.fixture
def world(project, version, ada, dev, ben, ci):
    return World(project, version, ada, dev, ben, ci.user)


@pytest.mark.parametrize("address", LISTS)
def test_a_list_costs_the_same_with_three_rows(pipeline, world, address):
    version = world.version
    path = "/api/v1/" + address.format(
        project=world.project.pk,
        experiment=version.run.experiment_id,
        run=version.run_id,
        model=version.model_id,
        version=version.pk,
        promotion=world.ask().pk if "{promotion}" in address else "",
    )
    LISTS[address](world, 1)
    queries(pipeline, path)
    before, first = queries(pipeline, path)
    for number in (2, 3):
        LISTS[address](world, number)
    after, second = queries(pipeline, path)
    assert len(second["results"]) >= len(first["results"]) + 2
    assert after == before


def test_no_list_is_forgotten():
    #: Lists for owners alone are tried in tests/api/test_webhooks.py.
    elsewhere = {"projects/{id}/webhooks", "webhooks/{id}/deliveries"}
    # Those of conditional approvals take signatures; they are tried in tests/gates/test_condition_pages.py.
    elsewhere |= {"versions/{id}/conditions", "projects/{id}/obligations"}
    # Lists of the policy, as long as it is; tried in tests/commands and tests/findings.
    elsewhere |= {"commands", "projects/{id}/findings/rules"}
    # What people judge is tried in tests/checklists and tests/rubrics.
    elsewhere |= {"versions/{id}/checklists", "models/{id}/rubric-history", "rubrics"}
    # tests/projects/test_framing.py
    elsewhere |= {"projects/{id}/kill-criteria", "projects/{id}/brief/revisions"}
    # Those of samples take a worker's reports; they are tried in tests/data/test_data_api.py.
    elsewhere |= {"projects/{id}/leakage", "data-sources/{id}/assessments", "data-sources/{id}/profiles"}
    known = elsewhere | {
        address.format(
            project="{id}", experiment="{id}", run="{id}", model="{id}", version="{id}", promotion="{id}"
        )
        for address in LISTS
    }
    schema = document()
    lists = set()
    for path, item in schema["paths"].items():
        content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        answer = content.get("application/json", {}).get("schema", {})
        name = answer.get("$ref", "").rsplit("/", 1)[-1]
        if answer.get("type") == "array" or name.startswith("Paginated") or name.endswith("PageOut"):
            lists.add(path.removeprefix("/api/v1/"))
    assert len(lists) > 10
    assert lists == known
