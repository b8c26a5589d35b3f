"""Every page: who sees it, that it is whole, and that its queries do not grow with rows."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import services as accounts
from apps.audit.models import Event
from apps.costs import services as costs
from apps.experiments import services as experiments
from apps.gates import services as gates
from apps.projects import services as projects
from apps.registry import services as registry
from tests.cast import PASSWORD, person

INLINE = re.compile(rb"<script(?![^>]*\ssrc=)|\sstyle=\"|\son[a-z]+=\"|hx-on", re.IGNORECASE)


@pytest.fixture
def places(ready, project, dev):
    promotion = gates.request_promotion(ready, to_stage="staging", by=dev)
    evaluation = ready.evaluations.first()
    record = Event.objects.filter(project_id=project.pk).first().pk
    pk, slug = ready.pk, project.slug
    named = {
        "portal:home": [],
        "portal:projects": [],
        "commands:search": [],
        "commands:command": ["frame_problem"],
        "findings:project": [slug],
        "portal:styleguide": [],
        "accounts:tokens": [],
        "api-docs": [],
        "projects:create": [],
        "portal:project": [slug],
        "portal:audit_project": [slug],
        "projects:brief": [slug],
        "projects:brief_step": [slug, "goal"],
        "projects:brief_revisions": [slug],
        "projects:kill_criteria": [slug],
        "projects:approach": [slug],
        "projects:tier": [slug],
        "projects:platform": [slug],
        "projects:component": [slug, "serving"],
        "projects:members": [slug],
        "costs:project": [slug],
        "costs:savings": [slug],
        "costs:gpus": [slug],
        "costs:rates": [],
        "portal:version": [pk],
        "checklists:checklist": [pk, "bias"],
        "rubrics:rubric": [pk],
        "modelcards:card": [pk],
        "modelcards:edit": [pk],
        "modelcards:life": [pk],
        "modelcards:revisions": [pk],
        "modelcards:comments": [pk],
        "modelcards:links": [pk],
        "modelcards:defaults": [slug],
        "modelcards:exports": [pk],
        "modelcards:import": [pk],
        "registry:model": [ready.model_id],
        "experiments:of_project": [slug],
        "experiments:create": [slug],
        "experiments:runs": [slug],
        "experiments:compare": [slug],
        "experiments:experiment": [ready.run.experiment_id],
        "experiments:edit": [ready.run.experiment_id],
        "experiments:run": [ready.run_id],
        "evaluations:evaluation": [evaluation.pk],
        "evaluations:download": [evaluation.pk],
        "jobs:job": [evaluation.job_id],
        "gates:promotion": [promotion.pk],
        "gates:sign": [promotion.pk],
        "registry:check": [ready.checks.filter(name="artifact_scan").get().pk],
        "gates:times": [slug],
        "gates:all_times": [],
        "gates:delegations": [slug],
        "gates:dry_run": [pk],
        "policies:revision": ["standard", 1],
        "policies:policies": [],
        "policies:guides": [],
        "gates:exceptions": [slug],
        "gates:policy": [slug],
        "gates:waiver_ask": [pk, "staging"],
        "gates:rollback": [pk],
        "gates:suspend": [pk],
        "gates:break_glass": [pk, "staging"],
        "notifications:unread": [],
        "notifications:all": [],
        "notifications:preferences": [],
        "mfa_index": [],
        "mfa_list_webauthn": [],
        "usersessions_list": [],
        "account_change_password": [],
        "identity:invitations": [slug],
        "assurance:access_project": [slug],
        "assurance:past": [slug],
        "assurance:packs": [slug],
        "assurance:event": [record],
        "assurance:story": [record],
    }
    return {name: reverse(name, args=args) for name, args in named.items()}


EVERYBODYS = {
    *(
        "portal:home",
        "portal:projects",
        "commands:search",
        "portal:styleguide",
        "accounts:tokens",
        "api-docs",
    ),
    *("projects:create", "costs:rates", "policies:revision", "policies:policies", "policies:guides"),
    "gates:all_times",
    *("notifications:unread", "notifications:all", "notifications:preferences"),
    "commands:command",
    *("mfa_index", "mfa_list_webauthn", "usersessions_list", "account_change_password"),
}


def test_each_page_is_whole_for_a_member_and_404_for_a_stranger(client, places, ben, cleo):
    client.force_login(ben)
    for name, path in places.items():
        answer = client.get(path)
        assert answer.status_code == 200, name
        content = answer.getvalue()
        assert not INLINE.search(content), f"{name}: {INLINE.search(content)}"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
    client.force_login(cleo)
    for name, path in places.items():
        assert client.get(path).status_code == (200 if name in EVERYBODYS else 404), name


def test_an_auditor_reads_everything_and_signs_nothing(client, places, olga):
    client.force_login(olga)
    for name, path in places.items():
        assert client.get(path).status_code in ({200, 403} if name == "gates:sign" else {200}), name
    assert client.get(reverse("portal:audit_site")).status_code == 200
    body = {"decision": "approve", "password": PASSWORD}
    assert client.post(places["gates:sign"], body).status_code in {403, 422}


def test_the_site_s_audit_trail_is_for_auditors(client, ben, project):
    client.force_login(ben)
    assert client.get(reverse("portal:audit_site")).status_code == 404


def more_of_everything(ready, project, dev, ada, number):
    """Add a row to every list that a page shows."""
    registry.register_version(ready.model, by=dev, run=ready.run)
    registry.create_model(project, slug=f"m{number}", name="m", by=dev)
    registry.report_check(ready, name=f"c{number}", status="passed", by=dev)
    experiments.create_experiment(project, name=f"e{number}", by=dev)
    run = experiments.start_run(ready.run.experiment, name=f"r{number}", by=dev)
    experiments.log_metrics(run, metrics=[experiments.MetricPoint("auc", 0.8, 0, None)], by=dev)
    costs.record_cost(project, kind="training", amount="1", currency="USD", spent_on=date(2026, 1, 1), by=dev)
    member = person(f"p{number}")
    projects.add_member(project, user=member, role="viewer", by=ada)
    account = accounts.create_service_account(f"a{number}", owner=dev, by=dev)
    accounts.issue_token(account, name="t", scopes=["read"], by=dev)


LISTS = [
    *("portal:home", "portal:projects", "portal:project", "portal:version", "portal:audit_project"),
    *(
        "registry:model",
        "experiments:experiment",
        "experiments:of_project",
        "experiments:runs",
        "costs:project",
        "projects:members",
        "accounts:tokens",
    ),
]


@pytest.mark.parametrize("name", LISTS)
def test_a_page_costs_the_same_with_three_rows(client, places, dev, ada, ready, project, name):
    client.force_login(dev)
    more_of_everything(ready, project, dev, ada, 1)
    client.get(places[name])  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(places[name])
    for number in (2, 3):
        more_of_everything(ready, project, dev, ada, number)
    client.get(places[name])  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as three:
        client.get(places[name])
    assert len(three) == len(one)


def test_a_reviewer_signs_with_a_plain_form(client, places, ben, ready):
    client.force_login(ben)
    page = client.get(places["gates:sign"])
    form = page.context["form"]
    meaning = form.fields["meaning"].choices[0][0]
    body = {**form.initial, "decision": "approve", "meaning": meaning, "comment": "", "password": PASSWORD}
    wrong = client.post(places["gates:sign"], body | {"password": "wrong"})
    assert wrong.status_code in {403, 422}
    assert "not your password" in wrong.content.decode()
    answer = client.post(places["gates:sign"], body)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    ready.refresh_from_db()
    assert ready.stage == "staging"


def test_a_stranger_s_way_in_tells_nothing(client, ada):
    known = client.post("/accounts/login/", {"login": ada.email, "password": "wrong"}).content.decode()
    unknown = client.post(
        "/accounts/login/", {"login": "nobody@example.com", "password": "wrong"}
    ).content.decode()
    errors = [re.findall(r'class="errors"[^>]*>(.*?)</div>', text, re.DOTALL) for text in (known, unknown)]
    assert errors[0] == errors[1] != []


def test_who_may_not_write_the_brief_reads_it(client, places, vera):
    client.force_login(vera)
    content = client.get(places["projects:brief_step"]).content.decode()
    assert "disabled" in content
    assert "Save and go on" not in content


def test_every_kind_of_job_has_a_title(settings):
    assert all(title for _, title in settings.JOB_KINDS.values())
