"""Rollback: by a person with a reason, or by the policy's rules on what a pipeline reports."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.gates import services
from apps.gates.models import Postmortem, Promotion, Rollback, Suspension, Transition
from apps.jobs import running
from apps.jobs.models import Job
from apps.monitoring.services import report_metrics
from apps.notifications.models import Notice
from apps.registry.models import Version
from tests.gates import tiny
from tests.gates.test_database import refused

WHY = "Customers cannot log in."


def report(version, by, *, minutes=1, channel="production", **figures):
    """Report a window that ends so many minutes from now; clocks of pipelines may be a little ahead."""
    ended = timezone.now() + timedelta(minutes=minutes)
    fields = {"requests": 5000, "errors": 25, "latency_p95_ms": 80.0} | figures
    return report_metrics(
        version, started_at=ended - timedelta(minutes=1), ended_at=ended, channel=channel, by=by, **fields
    )


def judged(version):
    """Run the newest job that judges this version."""
    job = Job.objects.filter(kind="gates.judge_production", args__version=str(version.pk)).latest(
        "created_at"
    )
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    version.refresh_from_db()
    return job.result


@pytest.fixture
def first(passing, dev, ben):
    return tiny.to_production(passing, by=dev, reviewer=ben)


@pytest.fixture
def second(first, small_model, dev, ben):
    return tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)


def stages(model):
    return dict(model.versions.values_list("number", "stage"))


@pytest.mark.method("M8.1")
@pytest.mark.promise("rollback")
def test_a_person_rolls_back_and_everybody_is_told(second, small_model, ada):
    rollback = services.roll_back(second, by=ada, reason=WHY)
    assert stages(small_model) == {1: "production", 2: "archived"}
    postmortem = Postmortem.objects.get(rollback=rollback)
    assert (postmortem.state, postmortem.caused_by_id, postmortem.blocks) == ("open", ada.pk, True)
    assert postmortem.owner_id != ada.pk
    assert Notice.objects.filter(kind="gates.rolled_back").count() == 5
    assert Event.objects.filter(kind="gates.rolled_back", object_id=rollback.pk).exists()


def test_without_a_version_before_it_is_refused_and_suspension_is_offered(first, ada, small_model):
    with pytest.raises(Refused, match="Suspend it instead") as caught:
        services.roll_back(first, by=ada, reason=WHY)
    assert caught.value.code == "no_previous"
    services.suspend(first, by=ada, reason=WHY)
    assert stages(small_model) == {1: "staging"}
    with pytest.raises(Refused, match="only a version in production"):
        services.suspend(first, by=ada, reason=WHY)


@pytest.mark.parametrize("who", ["dev", "ben", "vera"])
def test_only_the_policy_s_roles_roll_back_or_suspend(second, who, cast, small_model):
    for act in (services.roll_back, services.suspend):
        with pytest.raises(Forbidden, match="owner or risk"):
            act(second, by=cast[who], reason=WHY)
    assert stages(small_model)[2] == "production"


def test_a_reason_is_needed(second, ada):
    with pytest.raises(Invalid, match="Say why"):
        services.roll_back(second, by=ada, reason="bad")


@pytest.mark.promise("rollback")
@pytest.mark.parametrize(
    ("figures", "rule"),
    [
        ({"errors": 60}, "Twice the errors"),
        ({"latency_p95_ms": 170.0}, "Twice the latency"),
        ({"metric_name": "auc", "metric_value": 0.75}, "Five percent worse"),
    ],
)
def test_the_policy_s_rules_roll_back_by_themselves(first, small_model, dev, ben, figures, rule):
    report(first, dev, metric_name="auc", metric_value=0.80)
    second = tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)
    report(second, dev, minutes=2, **({"metric_name": "auc", "metric_value": 0.80} | figures))
    answer = judged(second)
    assert answer["rolled_back"] is True
    rollback = Rollback.objects.get()
    assert rollback.automatic
    assert rule in rollback.reason
    assert stages(small_model) == {1: "production", 2: "archived"}
    assert Postmortem.objects.get().caused_by is None


@pytest.mark.parametrize(
    "figures",
    [
        {"errors": 49},
        {"requests": 500, "errors": 400},
        {"latency_p95_ms": 159.0},
        {"metric_name": "auc", "metric_value": 0.77},
        {"metric_name": "other", "metric_value": 0.1},
    ],
)
def test_what_is_within_the_rules_or_noise_stays(first, small_model, dev, ben, figures):
    report(first, dev, metric_name="auc", metric_value=0.80)
    second = tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)
    report(second, dev, minutes=2, **figures)
    assert not judged(second).get("rolled_back")
    assert stages(small_model)[2] == "production"


def test_the_canary_is_the_baseline_where_the_version_before_has_none(second, dev):
    report(second, dev, channel="canary", errors=5)
    report(second, dev, minutes=2, errors=50)
    answer = judged(second)
    assert answer["rolled_back"] is True
    assert answer["changes_percent"]["error_rate"] == 900.0


def test_a_rule_that_holds_without_a_version_before_tells_people(first, dev):
    report(first, dev, channel="canary", errors=5)
    report(first, dev, minutes=2, errors=500)
    assert judged(first)["rolled_back"] is False
    assert first.stage == "production"
    assert Notice.objects.filter(kind="gates.rollback_impossible").count() == 5


def test_after_a_rollback_the_next_goes_to_the_one_before_that_never_to_the_failed(
    second, small_model, dev, ben, ada
):
    third = tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)
    services.roll_back(third, by=ada, reason=WHY)
    second.refresh_from_db()
    services.roll_back(second, by=ada, reason=WHY)
    assert stages(small_model) == {1: "production", 2: "archived", 3: "archived"}


def forge(version, restored, by):
    return Rollback.objects.create(
        version=version,
        restored=restored,
        reason="forged by a test",
        policy_revision=version.model.project.policy_revision,
        started_by=by,
    )


def test_the_database_knows_which_version_was_there_before(second, small_model, dev, ben, ada):
    third = tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)
    oldest = small_model.versions.get(number=1)
    assert refused(lambda: forge(third, oldest, ada)) == "gates_rollback_to_the_one_before"
    assert refused(lambda: forge(oldest, third, ada)) == "gates_rollback_from_production"


@pytest.mark.promise("rollback")
def test_no_rollback_without_its_postmortem(second, first, ada):
    assert refused(lambda: forge(second, first, ada)) == "gates_exception_reviewed"


@pytest.mark.method("M8.1")
@pytest.mark.promise("6")
def test_no_way_into_production_but_promotion_and_rollback(second, first, ada):
    first.refresh_from_db()
    newest = first.transitions.latest("sequence")
    common = {
        "version": first,
        "sequence": newest.sequence + 1,
        "previous": newest.sequence,
        "from_stage": "archived",
        "to_stage": "production",
        "policy_revision": newest.policy_revision,
        "moved_by": ada,
    }
    replaced = {**common, "kind": "replaced", "because_of": newest.because_of}
    assert refused(lambda: Transition.objects.create(**replaced)) == "gates_transition_replaces"
    services.roll_back(second, by=ada, reason=WHY)
    other = {**common, "kind": "rolled_back", "version": second, "sequence": 3, "previous": 2}
    other["rollback"] = Rollback.objects.get()
    assert refused(lambda: Transition.objects.create(**other)) == "gates_transition_restores"


def test_who_rolled_back_cannot_close_the_postmortem(second, ada, ben, dev):
    rollback = services.roll_back(second, by=ada, reason=WHY)
    postmortem = rollback.postmortem
    with pytest.raises(Forbidden, match="someone else"):
        services.close_postmortem(postmortem, by=ada, outcome="All is well again, I think.")
    act = Postmortem.objects.filter(pk=postmortem.pk).update
    closing = {"state": "closed", "closed_at": timezone.now(), "outcome": "All is well again, I think."}
    assert (
        refused(lambda: act(**closing, closed_by=ada, lock_version=postmortem.lock_version + 1))
        == "gates_postmortem_four_eyes"
    )
    with pytest.raises(Forbidden):
        services.close_postmortem(postmortem, by=dev, outcome="All is well again, I think.")
    closed = services.close_postmortem(postmortem, by=ben, outcome="A missing index; the migration adds it.")
    assert closed.state == "closed"
    with pytest.raises(Refused, match="closed already"):
        services.close_postmortem(closed, by=ben, outcome="Once more with feeling, please.")
    assert refused(lambda: act(state="open", closed_by=None, closed_at=None, outcome=""))


def make_overdue(postmortem):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE gates_postmortem DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE gates_postmortem SET due_at = now() - interval '1 day' WHERE id = %s", [postmortem.pk]
        )
        cursor.execute("ALTER TABLE gates_postmortem ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize("overdue", [False, True])
def test_an_overdue_postmortem_stops_promotions(second, small_model, dev, ben, ada, overdue):
    postmortem = services.roll_back(second, by=ada, reason=WHY).postmortem
    third = tiny.tiny_version(small_model, dev)
    promotion = services.request_promotion(third, to_stage="production", by=dev)
    if not overdue:
        tiny.sign(promotion, by=ben)
        assert promotion.state == "promoted"
        return
    make_overdue(postmortem)
    with pytest.raises(Refused, match="overdue"):
        tiny.sign(promotion, by=ben)
    with pytest.raises(Refused, match="nothing is promoted"):
        services.request_promotion(tiny.tiny_version(small_model, dev), to_stage="production", by=dev)
    assert services.announce_overdue() == 1
    services.close_postmortem(postmortem, by=ben, outcome="A missing index; the migration adds it.")
    tiny.sign(promotion, by=ben)
    assert Promotion.objects.get(pk=promotion.pk).state == "promoted"


def test_figures_in_words_are_refused_before_they_count(first, dev):
    now = timezone.now()
    good = {"started_at": now - timedelta(minutes=5), "ended_at": now, "channel": "production"}
    for change, code in (
        ({"errors": 11}, "bad_counts"),
        ({"channel": "blue"}, "unknown_channel"),
        ({"started_at": now}, "bad_window"),
        ({"ended_at": now + timedelta(hours=1)}, "bad_window"),
        ({"latency_p95_ms": -1.0}, "bad_figure"),
        ({"latency_p50_ms": 9.0, "latency_p95_ms": 5.0}, "bad_figure"),
        ({"traffic_percent": 101.0}, "bad_figure"),
        ({"metric_name": "auc"}, "bad_figure"),
    ):
        with pytest.raises(Invalid) as caught:
            report_metrics(first, by=dev, **({"requests": 10, "errors": 1} | good | change))
        assert caught.value.code == code
    fields = {**good, "requests": 10, "errors": 1}
    made = report_metrics(first, by=dev, **fields)
    assert report_metrics(first, by=dev, **fields).pk == made.pk
    with pytest.raises(Refused, match="other figures"):
        report_metrics(first, by=dev, **(fields | {"errors": 2}))
    assert refused(lambda: type(made).objects.filter(pk=made.pk).update(errors=0))


def test_nothing_about_a_rollback_or_suspension_is_changed(second, ada):
    rollback = services.roll_back(second, by=ada, reason=WHY)
    assert refused(lambda: Rollback.objects.filter(pk=rollback.pk).update(reason="another story"))
    assert Suspension.objects.count() == 0
    assert Version.objects.filter(stage="production").count() == 1
