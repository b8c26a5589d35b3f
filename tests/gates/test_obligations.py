"""Obligations: the owner fulfils, an approver confirms or sends back; overdue they stop the model's promotions."""

import pytest
from django.db import connection

from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.gates import services
from apps.gates.models import Obligation
from apps.gates.terms import Terms
from apps.notifications.models import Notice
from tests.gates import tiny
from tests.gates.conditional import POLICY, ask, owed, promoted, world
from tests.gates.test_database import refused

DONE = "The runbook stands in the wiki."


@pytest.fixture
def version(cast):
    return world(cast)


@pytest.fixture
def obligation(version, cast, dev):
    promoted(version, cast, Terms(obligations=(owed(dev),)))
    return Obligation.objects.get()


def make_overdue(obligation):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE gates_obligation DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE gates_obligation SET due_at = now() - interval '1 day' WHERE id = %s", [obligation.pk]
        )
        cursor.execute("ALTER TABLE gates_obligation ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    obligation.refresh_from_db()


def test_fulfilled_sent_back_fulfilled_confirmed(obligation, dev, ben, rita):
    services.fulfil_obligation(obligation, by=dev, note=DONE, link="https://wiki.example/runbook")
    services.answer_obligation(obligation, by=ben, confirmed=False, answer="It says nothing of weekends.")
    obligation.refresh_from_db()
    assert (obligation.state, obligation.answer) == ("open", "It says nothing of weekends.")
    services.fulfil_obligation(obligation, by=dev, note=DONE)
    done = services.answer_obligation(obligation, by=ben, confirmed=True)
    assert (done.state, done.answered_by) == ("confirmed", ben)
    kinds = Event.objects.filter(object_id=obligation.pk).order_by("id").values_list("kind", flat=True)
    assert [one.removeprefix("gates.obligation_") for one in kinds] == [
        *("set", "in_force", "fulfilled", "sent_back", "fulfilled", "confirmed")
    ]
    assert Notice.objects.filter(kind="gates.obligation_sent_back", person=dev).exists()
    assert Notice.objects.filter(kind="gates.obligation_fulfilled", person=rita).exists()


def test_only_who_owes_it_fulfils_and_somebody_else_confirms(obligation, version, cast, ben, dev, vera, ada):
    for who in (ben, vera):
        with pytest.raises(Forbidden, match="owes this"):
            services.fulfil_obligation(obligation, by=who, note=DONE)
    with pytest.raises(Refused, match="to be fulfilled"):
        services.answer_obligation(obligation, by=ben, confirmed=True)
    with pytest.raises(Invalid, match="10 characters"):
        services.fulfil_obligation(obligation, by=dev, note="done")
    with pytest.raises(Invalid, match="http"):
        services.fulfil_obligation(obligation, by=dev, note=DONE, link="javascript:alert(1)")
    services.fulfil_obligation(obligation, by=ada, note=DONE)
    for who in (dev, ada, vera):
        with pytest.raises(Forbidden):
            services.answer_obligation(obligation, by=who, confirmed=True)
    with pytest.raises(Refused, match="waits for confirmation"):
        services.fulfil_obligation(obligation, by=dev, note=DONE)


def test_a_reviewer_who_owes_it_does_not_confirm_it(version, cast, ben, rita):
    promoted(version, cast, Terms(obligations=(owed(ben),)))
    obligation = Obligation.objects.get()
    services.fulfil_obligation(obligation, by=ben, note=DONE)
    with pytest.raises(Forbidden, match="someone else must confirm"):
        services.answer_obligation(obligation, by=ben, confirmed=True)
    obligation.refresh_from_db()
    forged = {"state": "confirmed", "answered_by": ben, "lock_version": obligation.lock_version + 1}
    forge = Obligation.objects.filter(pk=obligation.pk).update
    assert refused(lambda: forge(**forged, answered_at=obligation.due_at)) == "gates_obligation_four_eyes"
    assert services.answer_obligation(obligation, by=rita, confirmed=True).state == "confirmed"


def test_overdue_it_stops_the_next_promotion_of_its_model_until_it_is_confirmed(
    obligation, version, dev, ben, rita
):
    waiting = ask(tiny.tiny_version(version.model, dev), dev)
    make_overdue(obligation)
    with pytest.raises(Refused, match="no version of this model") as caught:
        ask(tiny.tiny_version(version.model, dev), dev)
    assert caught.value.code == "obligation_overdue"
    with pytest.raises(Refused, match="overdue"):
        tiny.sign(waiting, by=ben)
    services.fulfil_obligation(obligation, by=dev, note=DONE)
    with pytest.raises(Refused, match="overdue"):
        tiny.sign(waiting, by=ben)
    services.answer_obligation(obligation, by=rita, confirmed=True)
    tiny.sign(waiting, by=ben)
    waiting.refresh_from_db()
    assert waiting.state == "promoted"


def test_another_model_goes_on_and_a_policy_may_let_it_pass(cast, dev, ben):
    lenient = POLICY.replace("overdue_blocks: true", "overdue_blocks: false")
    model = tiny.tiny_model(tiny.tiny_project(cast, policy=lenient), dev)
    first = promoted(tiny.tiny_version(model, dev), cast, Terms(obligations=(owed(dev),)))
    make_overdue(Obligation.objects.get())
    promoted(tiny.tiny_version(first.model, dev), cast, Terms())


def test_reminders_come_once(obligation, version, cast, dev, ada, rita):
    assert services.remind_of_obligations() == 0
    assert not Notice.objects.filter(kind="gates.obligation_due").exists()
    make_overdue(obligation)
    assert services.remind_of_obligations() == 1
    assert services.remind_of_obligations() == 1
    for who in (dev, ada, rita):
        assert Notice.objects.filter(kind="gates.obligation_overdue", person=who).count() == 1


def test_it_is_reminded_of_a_week_before(version, cast, dev):
    promoted(version, cast, Terms(obligations=(owed(dev, days=5),)))
    assert services.remind_of_obligations() == 0
    services.remind_of_obligations()
    assert Notice.objects.filter(kind="gates.obligation_due", person=dev).count() == 1
