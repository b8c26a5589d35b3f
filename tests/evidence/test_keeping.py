"""Evidence that a page collected is kept until it may have changed, and never a moment longer."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.core.memory import remembering
from apps.costs import services as costs
from apps.evidence import keeping
from apps.evidence.services import Evidence, collect
from apps.projects import services as projects
from apps.registry import services as registry
from apps.registry.models import Version


@pytest.fixture(autouse=True)
def _nothing_kept():
    keeping._kept.clear()


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
    moment = keeping.begin(project.pk)
    costs.enter_rate(
        currency="EUR", per="USD", value=Decimal("1.1"), valid_from=keeping.today(), source="ECB", by=adam
    )
    assert keeping.begin(project.pk).events == moment.events + 1
    projects.create_project(slug="other", name="Other", by=dev)
    assert keeping.begin(project.pk).events == moment.events + 1


def test_a_day_ends_it(version, monkeypatch, django_assert_max_num_queries):
    day = keeping.today()
    shown(version)
    monkeypatch.setattr(keeping, "today", lambda: day + timedelta(days=1))
    with django_assert_max_num_queries(0):
        assert keeping.recall((version.pk, ""), version.model.project_id) is None


def test_the_longest_unused_makes_room_and_much_at_once_is_not_kept(version, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_KEPT", 1)
    shown(version)
    with remembering():
        collect(version, before="apps.checklists.evidence")
    assert [key[1] for key in keeping._kept] == ["apps.checklists.evidence"]
    monkeypatch.setattr(keeping, "MOST_EVENTS", 0)
    shown(version)
    assert [key[1] for key in keeping._kept] == ["apps.checklists.evidence"]


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


def _own(evidence: Evidence) -> set[str]:
    """Return the checks that the portal itself reported."""
    return {name for name, one in evidence.document["checks"].items() if one["source"] == "mlgov"}
