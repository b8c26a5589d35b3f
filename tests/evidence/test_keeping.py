"""What a page made of all that is known is kept until it may have changed, and never a moment longer."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.audit import keeping
from apps.core.memory import remembering
from apps.costs import services as costs
from apps.evidence.services import Evidence, collect
from apps.experiments import services as experiments
from apps.policies.services import publish
from apps.projects import services as projects
from apps.registry import services as registry
from apps.registry.models import Version
from tests.api.conftest import client_with
from tests.gates.light import pack


@pytest.fixture(autouse=True)
def _nothing_kept():
    keeping._kept.clear()


@pytest.fixture
def version(version, dev):
    """A version whose run is over."""
    experiments.end_run(version.run, by=dev)
    return loaded(version)


def shown(version: Version) -> Evidence:
    """Collect as a page does: in a request of its own that writes nothing."""
    with remembering():
        return collect(version)


def loaded(version: Version) -> Version:
    return Version.objects.select_related("model__project__policy_revision", "run").get(pk=version.pk)


def test_a_page_asks_once_and_others_collect_anew(version, dev, django_assert_num_queries):
    version = loaded(version)
    first = shown(version)
    with django_assert_num_queries(1):
        assert shown(version) == first
    with django_assert_num_queries(1), remembering():
        collect(version)
    assert collect(version) == first
    with remembering():
        assert collect(version, before="apps.checklists.evidence").digest != first.digest


def test_nobody_changes_what_is_kept(version):
    shown(version).document["version"]["number"] = 99
    assert shown(version).document["version"]["number"] == version.number


def test_an_event_of_the_project_or_of_the_site_ends_it(version, project, dev, adam):
    before = shown(version)
    registry.report_check(version, name="lint", status="passed", by=dev)
    after = shown(version)
    assert "lint" in after.document["checks"]
    assert "lint" not in before.document["checks"]
    assert after == collect(version)
    moment = keeping._begin(project.pk)
    costs.enter_rate(
        currency="EUR", per="USD", value=Decimal("1.1"), valid_from=keeping.today(), source="ECB", by=adam
    )
    assert keeping._begin(project.pk).events == moment.events + 1
    projects.create_project(slug="other", name="Other", by=dev)
    assert keeping._begin(project.pk).events == moment.events + 1


def test_a_day_ends_it(version, monkeypatch, django_assert_max_num_queries):
    day = keeping.today()
    shown(version)
    monkeypatch.setattr(keeping, "today", lambda: day + timedelta(days=1))
    with django_assert_max_num_queries(0):
        assert keeping._recall(_key(version), version.model.project_id) is None


def test_the_longest_unused_makes_room_and_much_at_once_is_not_kept(version, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_KEPT", 1)
    shown(version)
    with remembering():
        collect(version, before="apps.checklists.evidence")
    assert [key[0] for key in keeping._kept] == ["evidence:apps.checklists.evidence"]
    monkeypatch.setattr(keeping, "MOST_EVENTS", 0)
    shown(version)
    assert [key[0] for key in keeping._kept] == ["evidence:apps.checklists.evidence"]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_began_before_and_ends_after_is_not_missed(version, dev):
    """The report of a check is written before a page collects, and committed after it."""
    written, collected = threading.Event(), threading.Event()

    def report() -> None:
        try:
            with transaction.atomic():
                registry.report_check(version, name="lint", status="passed", by=dev)
                written.set()
                assert collected.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=report)
    thread.start()
    assert written.wait(30)
    # An event with a later number that is committed at once: the newest number alone would tell nothing.
    registry.report_check(version, name="tests", status="passed", by=dev)
    before = shown(version)
    assert set(before.document["checks"]) == {"tests", *_own(before)}
    collected.set()
    thread.join(30)
    assert set(shown(version).document["checks"]) == {"tests", "lint", *_own(before)}


def test_what_was_read_before_is_read_again(version, dev):
    """The page loads the version, somebody moves on, the page collects: the next page shows what is true."""
    early = loaded(version)
    registry.change_commit(version, commit="f" * 40, by=dev)
    assert shown(early).document["version"]["commit"] == "f" * 40
    assert shown(loaded(version)) == collect(loaded(version))


def test_a_run_that_still_runs_is_read_anew(project, dev):
    experiment = experiments.create_experiment(project, name="Trees", by=dev)
    run = experiments.start_run(experiment, name="one", by=dev)
    model = registry.create_model(project, slug="m", name="M", by=dev)
    version = loaded(registry.register_version(model, run=run, by=dev))
    shown(version)
    experiments.log_metrics(run, metrics=[experiments.MetricPoint("auc", 0.7)], by=dev)
    assert shown(loaded(version)).document["run"]["metrics"] == {"auc": 0.7}


@pytest.mark.parametrize("other_first", [True, False])
def test_another_revision_of_the_policy_is_judged_apart(version, other_first):
    """A dry run under another revision reads checklists as that revision has them; nobody else gets to see that."""
    true = collect(loaded(version))
    copy = loaded(version)
    copy.model.project.policy_revision = publish(pack(), by=None)
    asked = [copy, loaded(version)] if other_first else [loaded(version), copy]
    with remembering():
        found = {one is copy: collect(one).digest for one in asked}
    assert found[False] == true.digest == shown(loaded(version)).digest
    assert found[True] != true.digest


def test_the_gate_of_a_pipeline_reads_anew(version, ci, monkeypatch):
    """What is kept is asked for by other answers, so that the gate alone would not notice if it were wrong."""
    asked = []
    monkeypatch.setattr(keeping, "_recall", lambda key, project_id: asked.append(key))
    client = client_with(ci.secret)
    at = f"/api/v1/versions/{version.pk}"
    assert client.get(f"{at}/gate?to=staging").status_code == 200
    assert asked == []
    assert client.get(f"{at}/evidence").status_code == 200
    assert asked == [_key(version)]


def _key(version: Version) -> keeping.Key:
    return "evidence:", version.pk, version.model.project.policy_revision_id


def _own(evidence: Evidence) -> set[str]:
    """Return the checks that the portal itself reported."""
    return {name for name, one in evidence.document["checks"].items() if one["source"] == "mlgov"}
