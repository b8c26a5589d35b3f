"""Conditional approvals: set with a signature, in force with the promotion, judged while the version runs."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.audit.models import Event
from apps.core.errors import Invalid
from apps.gates import services
from apps.gates.due import keep_time
from apps.gates.models import Approval, Breach, Condition, Obligation, Postmortem, Suspension
from apps.gates.terms import Chosen, Terms
from apps.jobs import running
from apps.jobs.models import Job
from apps.notifications.models import Notice
from tests.cast import evaluate
from tests.gates import tiny
from tests.gates.conditional import POLICY, all_terms, ask, owed, promoted, report, world
from tests.gates.test_database import refused
from tests.gates.turning import age


@pytest.fixture
def version(cast):
    return world(cast)


def states(rows):
    return {one.key: one.state for one in rows}


def in_days(days):
    return timezone.now() + timedelta(days=days)


def judged(version):
    """Run the newest job that judges the conditions of this version."""
    jobs = Job.objects.filter(kind="gates.judge_conditions", args__version=str(version.pk))
    job = jobs.latest("created_at")
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    version.refresh_from_db()
    return job.result


@pytest.mark.promise("conditions")
def test_terms_come_into_force_with_the_promotion_and_change_nothing_of_the_digest(
    version, cast, ada, dev, ben
):
    promotion = ask(version, dev)
    before = promotion.evidence_digest
    tiny.sign(promotion, by=ben, terms=all_terms(ada))
    promotion.refresh_from_db()
    assert (promotion.state, promotion.evidence_digest) == ("promoted", before)
    assert states(Condition.objects.all()) == dict.fromkeys(
        ("traffic", "drift", "reevaluated", "until"), "in_force"
    )
    assert Condition.objects.get(key="drift").sentence == "Drift stays below a bound: 0.25 PSI"
    assert Condition.objects.get(key="traffic").limit == 10
    obligation = Obligation.objects.get()
    assert (obligation.state, obligation.owner, obligation.blocks) == ("open", ada, True)
    assert Notice.objects.filter(kind="gates.obligation_in_force", person=ada).count() == 1
    assert Event.objects.filter(kind="gates.condition_set").count() == 4


def two_reviewers(cast):
    policy = POLICY.replace(
        "{role: reviewer, count: 1}", "{role: reviewer, count: 1}, {role: risk, count: 1}"
    )
    return tiny.tiny_version(
        tiny.tiny_model(tiny.tiny_project(cast, policy=policy), cast["dev"]), cast["dev"]
    )


def test_they_wait_for_the_other_signatures_and_go_with_their_own(cast, ada, dev, ben, rita):
    promotion = ask(two_reviewers(cast), dev)
    tiny.sign(promotion, by=ben, terms=all_terms(ada))
    assert set(Condition.objects.values_list("state", flat=True)) == {"proposed"}
    mine = Approval.objects.get(person=ben)
    services.withdraw_approval(mine, by=ben, reason="I looked at the wrong page.")
    tiny.sign(promotion, by=ben, terms=Terms((Chosen("traffic", 20),)))
    tiny.sign(promotion, by=rita)
    assert states(Condition.objects.filter(approval=mine)) == dict.fromkeys(
        ("traffic", "drift", "reevaluated", "until"), "dropped"
    )
    assert Condition.objects.get(state="in_force").limit == 20
    assert Obligation.objects.get().state == "dropped"


def test_a_closed_request_drops_them(cast, ada, dev, ben):
    promotion = ask(two_reviewers(cast), dev)
    tiny.sign(promotion, by=ben, terms=all_terms(ada))
    services.withdraw_promotion(promotion, by=dev, reason="Not now.")
    assert set(Condition.objects.values_list("state", flat=True)) == {"dropped"}
    assert Obligation.objects.get().state == "dropped"


def bad_terms(ada, cleo):
    return [
        (Terms((Chosen("nonsense"),)), "unknown_condition"),
        (Terms((Chosen("traffic", 51.0),)), "bad_limit"),
        (Terms(until=in_days(-1)), "not_in_future"),
        (Terms(obligations=(owed(ada, days=-1),)), "not_in_future"),
        (Terms(obligations=(owed(cleo),)), "not_a_member"),
        (Terms(obligations=(owed(ada, text="short"),)), "obligation_short"),
        (Terms(obligations=(owed(ada),) * 6), "too_many"),
    ]


def test_terms_that_nobody_can_keep_are_refused(version, ada, cleo, dev, ben):
    promotion = ask(version, dev)
    for terms, code in bad_terms(ada, cleo):
        with pytest.raises(Invalid) as caught:
            tiny.sign(promotion, by=ben, terms=terms)
        assert caught.value.code == code
    assert not Approval.objects.exists()


def test_only_an_approval_has_terms(version, ada, dev, ben):
    with pytest.raises(Invalid) as caught:
        tiny.sign(
            ask(version, dev), by=ben, decision="reject", comment="Not like this.", terms=all_terms(ada)
        )
    assert caught.value.code == "terms_without_approval"


def test_an_old_policy_has_none(passing, ada, dev, ben):
    with pytest.raises(Invalid, match="no conditional approvals"):
        tiny.sign(ask(passing, dev), by=ben, terms=all_terms(ada))


def test_an_alarm_is_one_episode_until_it_holds_again(version, cast, ada, dev):
    promoted(version, cast, Terms((Chosen("traffic"),)))
    assert services.judge_conditions(version.pk)["broken"] == []
    report(version, dev, traffic_percent=30.0)
    assert judged(version)["broken"] == ["Serves at most so much of the traffic: 10 %"]
    report(version, dev, minutes=2, traffic_percent=31.0)
    assert judged(version)["broken"] == []
    breach = Breach.objects.get()
    assert breach.state == "open"
    assert "30" in breach.reason
    assert Notice.objects.filter(kind="gates.condition_broken").count() == 5
    assert version.stage == "production"
    report(version, dev, minutes=3, traffic_percent=9.0)
    judged(version)
    breach.refresh_from_db()
    assert breach.state == "cleared"
    report(version, dev, minutes=4, traffic_percent=12.0)
    judged(version)
    assert Breach.objects.filter(state="open").count() == 1
    assert Event.objects.filter(kind="gates.breach_opened").count() == 2


def test_where_the_policy_says_so_it_suspends_by_itself(version, cast, dev):
    promoted(version, cast, Terms((Chosen("drift"), Chosen("traffic"))))
    report(version, dev, drift=0.3, traffic_percent=5.0)
    assert judged(version)["suspended"]
    assert version.stage == "staging"
    suspension = Suspension.objects.get()
    assert (suspension.automatic, suspension.started_by) == (True, None)
    assert "0.2 PSI" in suspension.reason
    assert Postmortem.objects.get(suspension=suspension).caused_by is None
    event = Event.objects.get(kind="gates.suspended")
    assert event.person_id is None
    assert set(Condition.objects.values_list("state", flat=True)) == {"over"}
    assert Breach.objects.get().state == "cleared"


def test_figures_from_before_the_promotion_and_missing_ones_break_nothing(version, cast, dev):
    report(version, dev, minutes=-5, drift=0.9, traffic_percent=90.0)
    promoted(version, cast, Terms((Chosen("drift"), Chosen("traffic"))))
    assert services.judge_conditions(version.pk)["broken"] == []
    report(version, dev, traffic_percent=None)
    assert judged(version)["broken"] == []
    assert version.stage == "production"


def test_days_count_by_the_clock_of_the_rule(version, cast):
    promoted(version, cast, Terms((Chosen("reevaluated", 90),)))
    assert services.judge_conditions(version.pk, now=in_days(89))["broken"] == []
    assert len(services.judge_conditions(version.pk, now=in_days(91))["broken"]) == 1


def test_an_approval_that_ended_suspends_and_the_periodic_job_looks(version, cast, ada):
    promoted(version, cast, Terms(until=in_days(1)))
    assert services.watch_conditions() == {"conditions_judged": 1, "breaches": 0, "suspended": 0}
    assert services.judge_conditions(version.pk, now=in_days(2))["suspended"]
    version.refresh_from_db()
    assert version.stage == "staging"
    assert "The approval ended on" in Suspension.objects.get().reason


def test_replaced_they_are_over_and_a_rollback_revives_them(version, cast, ada, dev, ben):
    promoted(version, cast, Terms((Chosen("traffic"),)))
    second = tiny.to_production(tiny.tiny_version(version.model, dev), by=dev, reviewer=ben)
    assert Condition.objects.get().state == "over"
    services.roll_back(second, by=ada, reason="Customers cannot log in.")
    assert Condition.objects.get().state == "in_force"
    report(version, dev, traffic_percent=30.0)
    assert len(judged(version)["broken"]) == 1


def test_a_re_review_with_conditions_takes_the_place_of_the_earlier_ones(cast, dev, ben):
    policy = POLICY.replace(
        "    meanings: [It is fine]\n", "    meanings: [It is fine]\n    valid_for_days: 90\n", 1
    )
    version = tiny.tiny_version(
        tiny.tiny_model(tiny.tiny_project(cast, policy=policy), cast["dev"]), cast["dev"]
    )
    promoted(version, cast, Terms((Chosen("traffic", 10), Chosen("drift")), None, (owed(dev),)))
    report(version, dev, traffic_percent=30.0, drift=0.1)
    services.judge_conditions(version.pk)
    review = version.reviews.get()
    age(review, opens_at=timedelta(days=61), due_at=timedelta(days=61))
    assert keep_time()["reviews_opened"] == 1
    asked = services.start_review(review, by=ben)
    tiny.sign(asked, by=ben, terms=Terms((Chosen("traffic", 40),)))
    held = Condition.objects.filter(version=version, state="in_force")
    assert [(one.key, one.limit, one.promotion) for one in held] == [("traffic", 40, asked)]
    over = Condition.objects.filter(version=version, state="over")
    assert sorted(over.values_list("key", "limit")) == [("drift", 0.2), ("traffic", 10)]
    assert Breach.objects.get().state == "cleared"
    assert not judged(version)["broken"]
    # What a person owes they owe still.
    assert Obligation.objects.get().state == "open"


@pytest.mark.slow
def test_a_complete_evaluation_has_them_judged_anew(version, cast, dev):
    promoted(version, cast, Terms((Chosen("reevaluated", 90),)))
    services.judge_conditions(version.pk, now=in_days(91))
    assert Breach.objects.get().state == "open"
    evaluate(version, by=dev)
    assert judged(version)["judged"] == 1
    assert Breach.objects.get().state == "cleared"


def test_the_database_keeps_what_was_signed(version, cast, ada, dev):
    promoted(version, cast, all_terms(ada))
    condition = Condition.objects.get(key="traffic")
    change = Condition.objects.filter(pk=condition.pk).update
    step = {"lock_version": condition.lock_version + 1}
    assert refused(lambda: change(limit=50.0, **step)) == "gates_condition_fixed"
    assert refused(lambda: change(state="proposed", **step)) == "gates_condition_fixed"
    assert refused(lambda: change(state="over", limit=50.0, **step)) == "gates_condition_fixed"
    assert refused(lambda: Condition.objects.filter(pk=condition.pk)._raw_delete(using="default"))
    late = Condition(
        promotion=condition.promotion,
        approval=condition.approval,
        version=version,
        key="late",
        title="Late",
        expression="true",
        on_breach="alarm",
    )
    assert refused(late.save) == "gates_term_of_an_approval"
    obligation = Obligation.objects.get()
    forge = Obligation.objects.filter(pk=obligation.pk).update
    assert refused(lambda: forge(due_at=in_days(99), lock_version=3)) == "gates_obligation_fixed"
    Breach.objects.create(condition=condition, reason="x", verdict={})
    assert refused(lambda: Breach.objects.create(condition=condition, reason="x", verdict={}))
    # The forged breach has no event, so it does not reach the commit.
    with pytest.raises(DatabaseError, match="event"):
        connection.check_constraints()
