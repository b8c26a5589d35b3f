"""The record of an experiment (M3.1): its id, its baseline, its verdict with a reason."""

import re
import threading

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from django.urls import reverse

from apps.audit.models import Event
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.experiments import services
from apps.experiments.deltas import run_delta
from apps.experiments.evidence import VOCABULARY, facts
from apps.experiments.models import Experiment, GivenVerdict, Metric, RunMetric
from apps.experiments.queries import latest_metrics
from apps.policies.vocabulary import vocabulary_of
from apps.projects import services as projects
from apps.projects.enums import Role
from tests.gates.light import tiny_project

pytestmark = pytest.mark.method("M3.1")


@pytest.fixture
def small(ada, dev):
    return tiny_project(owner=ada, members=[(dev, Role.CONTRIBUTOR)])


@pytest.fixture
def tried(small, dev):
    return services.create_experiment(
        small, name="trees", by=dev, primary_metric="auc", baseline=0.7, baseline_source="the rule"
    )


def point(name, value, step=0):
    return services.MetricPoint(name, value, step)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ids_of_the_day_are_unique_though_many_begin_at_once(ada, dev):
    project = tiny_project(owner=ada, members=[(dev, Role.CONTRIBUTOR)])
    barrier = threading.Barrier(8)

    def begin(number):
        barrier.wait()
        services.create_experiment(project, name=f"e{number}", by=dev)
        connection.close()

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = sorted(Experiment.objects.values_list("key", flat=True))
    assert [key[-3:] for key in keys] == [f"{number:03d}" for number in range(1, 9)]
    assert all(re.fullmatch(r"EXP-\d{4}-\d{2}-\d{2}-\d{3}", key) for key in keys)


def test_a_verdict_is_a_person_s_with_a_reason_and_stands_beside_earlier_ones(tried, dev, ada):
    services.give_verdict(tried, verdict="iterate", reason="More data is coming.", by=dev)
    services.give_verdict(tried, verdict="promoted", reason="It beats the rule by far.", by=ada)
    tried.refresh_from_db()
    assert tried.verdict == "promoted"
    assert list(tried.verdicts.order_by("id").values_list("verdict", flat=True)) == ["iterate", "promoted"]
    told = Event.objects.filter(kind="experiments.verdict_given").order_by("id").last()
    assert told.data == {"verdict": "promoted", "reason": "It beats the rule by far."}


@pytest.mark.parametrize(
    ("verdict", "reason", "code"),
    [
        ("won", "It beats the rule.", "unknown_verdict"),
        ("open", "It is not over.", "unknown_verdict"),
        ("promoted", "", "no_reason"),
        ("promoted", "  good    ", "no_reason"),
    ],
)
def test_what_is_no_verdict_or_has_no_reason_is_refused(tried, dev, verdict, reason, code):
    with pytest.raises(Invalid) as refused:
        services.give_verdict(tried, verdict=verdict, reason=reason, by=dev)
    assert refused.value.code == code
    assert not tried.verdicts.exists()


def test_a_token_gives_no_verdict_and_nobody_overwrites_what_they_did_not_see(tried, ci, dev, ada):
    projects.add_member(tried.project, user=ci.user, role=Role.CONTRIBUTOR, by=ada)
    with pytest.raises(Forbidden) as refused:
        services.give_verdict(tried, verdict="promoted", reason="It beats the rule.", by=ci.user)
    assert refused.value.code == "person_needed"
    with pytest.raises(Conflict):
        services.give_verdict(tried, verdict="promoted", reason="It beats it.", by=dev, expect=9)


def test_the_database_keeps_verdicts_and_lets_nobody_but_a_trigger_write_values(tried, dev):
    services.give_verdict(tried, verdict="archived", reason="Nothing came of it.", by=dev)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        GivenVerdict.objects.update(reason="It was a great success.")
    with pytest.raises(IntegrityError), transaction.atomic():
        GivenVerdict.objects.create(experiment=tried, verdict="archived", reason="no", given_by=dev)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.rolname FROM pg_roles r WHERE r.rolname IN ('mlgov_app', 'mlgov_worker') AND "
            "has_table_privilege(r.oid, 'experiments_runmetric', 'INSERT, UPDATE, DELETE')"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"baseline": 0.7}, "baseline_source"),
        ({"baseline": float("nan"), "baseline_source": "x"}, "baseline"),
        ({"data_kind": "sound"}, "data_kind"),
        ({"secondary_metrics": [f"m{n}" for n in range(21)]}, "secondary_metrics"),
        ({"name": "  "}, "name"),
    ],
)
def test_what_an_experiment_cannot_say_is_refused_beside_its_field(small, dev, fields, field):
    with pytest.raises(Invalid) as refused:
        services.create_experiment(small, by=dev, **{"name": "e", **fields})
    assert refused.value.details["field"] == field


def test_a_changed_baseline_is_audited_and_needs_its_source_too(tried, dev):
    changed = services.change_experiment(tried, by=dev, baseline=0.75, hypothesis="Trees beat rules.")
    assert (changed.lock_version, changed.baseline) == (2, 0.75)
    told = Event.objects.filter(kind="experiments.experiment_changed").get()
    assert told.data == {"fields": "baseline, hypothesis"}
    with pytest.raises(Invalid, match="where the baseline"):
        services.change_experiment(tried, by=dev, baseline_source="")


def test_the_latest_value_is_by_step_and_kept_whatever_the_order_of_arrival(tried, dev):
    run = services.start_run(tried, name="r", by=dev)
    services.log_metrics(run, metrics=[point("auc", 0.8, 3), point("auc", 0.6, 1), point("f1", 0.5)], by=dev)
    services.log_metrics(run, metrics=[point("auc", 0.9, 2), point("f1", 0.5)], by=dev)
    assert latest_metrics([run.pk]) == {run.pk: {"auc": 0.8, "f1": 0.5}}
    assert Metric.objects.count() == 5
    assert RunMetric.objects.get(name="auc").project_id == tried.project_id


@pytest.mark.parametrize(
    ("higher", "value", "gain", "state"), [(True, 0.8, 0.1, "better"), (False, 0.8, -0.1, "worse")]
)
def test_the_delta_says_better_or_worse_by_the_direction_of_the_metric(
    tried, dev, higher, value, gain, state
):
    changed = services.change_experiment(tried, by=dev, higher_is_better=higher)
    delta = run_delta(changed, {"auc": value})
    assert delta.difference == pytest.approx(0.1)
    assert (delta.gain, delta.state) == (pytest.approx(gain), state)
    assert run_delta(changed, {"loss": 1.0}) is None


def test_criteria_can_ask_for_verdict_delta_and_hints(version, dev):
    run = version.run
    services.change_experiment(
        run.experiment, by=dev, primary_metric="auc", baseline=0.7, baseline_source="r"
    )
    services.log_metrics(run, metrics=[point("auc", 0.8)], by=dev)
    version.refresh_from_db()
    found = facts(version, {})
    assert found["run"]["delta_over_baseline"] == pytest.approx(0.1)
    assert (found["run"]["hints"], found["experiment"]["verdict"]) == (0, "open")
    known = vocabulary_of([VOCABULARY])
    for root in ("run", "experiment"):
        assert all(known.knows(f"{root}.{name}") for name in found[root])


def test_the_form_writes_an_experiment_down_and_shows_what_is_wrong(client, small, dev, cleo, vera):
    client.force_login(dev)
    address = reverse("experiments:create", args=[small.slug])
    body = {"name": "trees", "direction": "no", "data_kind": "text", "secondary_metrics": "f1, auc,"}
    wrong = client.post(address, body | {"baseline": "3"})
    assert wrong.status_code == 422
    assert "where the baseline" in wrong.content.decode()
    made = client.post(address, body | {"baseline": "3", "baseline_source": "the rule"})
    found = Experiment.objects.get()
    assert made["Location"] == reverse("experiments:experiment", args=[found.pk])
    assert (found.higher_is_better, found.secondary_metrics) == (False, ["f1", "auc"])
    edit = reverse("experiments:edit", args=[found.pk])
    assert client.post(edit, body | {"lock_version": 7}).status_code == 422
    assert client.post(edit, body | {"lock_version": 1, "name": "forest"}).status_code == 302
    verdict = reverse("experiments:verdict", args=[found.pk])
    page = client.post(verdict, {"lock_version": 2, "verdict": "promoted", "reason": ""})
    assert page.status_code == 422
    assert (
        client.post(verdict, {"lock_version": 2, "verdict": "won", "reason": "a good reason"}).status_code
        == 422
    )
    assert (
        client.post(verdict, {"lock_version": 2, "verdict": "iterate", "reason": "More data."}).status_code
        == 302
    )
    listed = reverse("experiments:of_project", args=[small.slug])
    assert "forest" in client.get(listed, {"verdict": "iterate", "q": "fore"}).content.decode()
    assert "forest" not in client.get(listed, {"verdict": "promoted"}).content.decode()
    assert client.get(listed, {"verdict": "won"}).status_code == 422
    client.force_login(cleo)
    for path in (address, edit, listed):
        assert client.get(path).status_code == 404
