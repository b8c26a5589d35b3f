"""The life of a request: thread, named seats, delegation, staleness in words, time to decision."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.audit.models import Event
from apps.core.db import constraint_name
from apps.core.errors import Forbidden, Invalid, Refused
from apps.gates import queries, services, times
from apps.gates.changes import grouped, staleness_of
from apps.gates.models import Comment, Delegation, Participant, Promotion
from apps.projects import services as projects
from apps.registry import services as registry
from tests.cast import person
from tests.gates.light import notices, sign, tiny_version
from tests.gates.test_duties import become, forged
from tests.gates.turning import age

REASON = "On holiday until then."


def lend(project, *, by, to, days=7):
    return services.delegate(
        project, to=to, until=timezone.now() + timedelta(days=days), reason=REASON, by=by
    )


def test_a_comment_stays_and_tells_who_took_part(request_, ben, dev):
    first = services.comment(request_, text="Why **this** threshold?", by=ben)
    services.comment(request_, text="See the card.", by=dev, answers=first)
    assert [one.text for one in queries.thread_of(request_)] == ["Why **this** threshold?", "See the card."]
    assert notices("gates.commented") == ["Ben", "Dev"]
    assert Event.objects.filter(kind="gates.commented", object_id=request_.pk).count() == 2
    for act in (
        lambda: Comment.objects.filter(pk=first.pk).update(text="x"),
        lambda: Comment.objects.filter(pk=first.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.parametrize("text", ["", "  \n", "x" * 10_001, "a\x00b"])
def test_an_empty_or_endless_comment_is_refused(request_, ben, text):
    with pytest.raises(Invalid):
        services.comment(request_, text=text, by=ben)


def test_a_stranger_does_not_comment_and_an_answer_stays_in_its_thread(request_, olga, ben, tiny, dev):
    with pytest.raises(Forbidden, match="Only members"):
        services.comment(request_, text="Hello there", by=olga)
    other = services.request_promotion(tiny_version(tiny, by=dev), to_stage="staging", by=dev)
    elsewhere = services.comment(other, text="Elsewhere", by=ben)
    with pytest.raises(Invalid, match="another request"):
        services.comment(request_, text="Hello", by=ben, answers=elsewhere)


def test_a_seat_is_asked_of_a_person_who_could_sign(request_, dev, ben, vera):
    services.ask_for_seat(request_, person=ben, by=dev)
    assert notices("gates.seat_asked") == ["Ben"]
    assert queries.inbox_of(ben, list(queries.waiting_for(ben)))[0].why == "You were asked by name"
    with pytest.raises(Refused, match="asked already"):
        services.ask_for_seat(request_, person=ben, by=dev)
    with pytest.raises(Invalid, match="cannot sign this"):
        services.ask_for_seat(request_, person=vera, by=dev)
    with pytest.raises(Forbidden):
        services.ask_for_seat(request_, person=ben, by=vera)


def test_who_passes_a_turn_on_has_it_no_longer(request_, ben, bea):
    with pytest.raises(Invalid, match="Say why"):
        services.ask_for_seat(request_, person=bea, by=ben)
    services.ask_for_seat(request_, person=bea, by=ben, reason="Bea knows this data better.")
    assert queries.inbox_count(ben) == 0
    assert queries.inbox_count(bea) == 1


def test_a_delegate_signs_in_the_delegator_s_seat_and_both_are_used_up(request_, tiny, ben, bea, rita, vera):
    lent = lend(tiny, by=ben, to=vera)
    assert queries.inbox_of(vera, list(queries.waiting_for(vera)))[0].why == "You sign for Ben, reviewer"
    given = sign(request_, vera, delegation=lent)
    assert (given.person, given.on_behalf_of, given.role) == (vera, ben, "reviewer")
    assert queries.inbox_count(vera) == queries.inbox_count(ben) == 0
    with pytest.raises(Refused, match="count as one"):
        sign(request_, ben)
    sign(request_, bea)
    sign(request_, rita)
    assert request_.state == "promoted"


@pytest.mark.promise("delegation")
def test_delegator_and_delegate_fill_one_seat_in_any_order(request_, tiny, ben, bea, rita):
    lent = lend(tiny, by=ben, to=bea)
    sign(request_, bea)
    with pytest.raises(Refused, match="signed this already"):
        sign(request_, bea, delegation=lent)
    sign(request_, ben)
    with pytest.raises(Refused):
        sign(request_, bea, delegation=lent)
    for_rita = lend(tiny, by=rita, to=ben)
    with pytest.raises(Refused, match="signed this already"):
        sign(request_, ben, delegation=for_rita)
    assert request_.state == "open"


@pytest.mark.promise("delegation")
def test_the_database_keeps_one_person_behind_one_signature(request_, tiny, ben, bea, vera):
    lent = lend(tiny, by=ben, to=vera)
    sign(request_, ben)
    Participant.objects.create(promotion=request_, person=vera, kind="approver", because="forged")
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        forged(request_, vera, delegation=lent, on_behalf_of=ben)
    assert constraint_name(caught.value) == "gates_signer_one_live"


def test_a_withdrawn_signature_frees_both(request_, tiny, ben, vera):
    lent = lend(tiny, by=ben, to=vera)
    given = sign(request_, vera, delegation=lent)
    services.withdraw_approval(given, by=vera, reason="I signed the wrong request.")
    assert sign(request_, ben).on_behalf_of is None


def test_who_asked_has_nobody_sign_for_them(tiny, light, ada, dev, ben, vera):
    become(tiny, dev, "reviewer", by=ada)
    lent = lend(tiny, by=dev, to=vera)
    promotion = services.request_promotion(light, to_stage="production", by=ada)
    with pytest.raises(Forbidden, match="Dev registered this version"):
        sign(promotion, vera, delegation=lent)


def test_the_database_refuses_to_sign_for_a_maker(tiny, light, ada, dev, vera):
    become(tiny, dev, "reviewer", by=ada)
    lent = lend(tiny, by=dev, to=vera)
    promotion = services.request_promotion(light, to_stage="production", by=ada)
    Participant.objects.create(promotion=promotion, person=vera, kind="approver", because="forged")
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        forged(promotion, vera, delegation=lent, on_behalf_of=dev)
    assert constraint_name(caught.value) == "gates_approval_own_work"


@pytest.mark.promise("delegation")
def test_nobody_delegates_in_a_circle_to_themselves_or_twice(tiny, ben, bea, rita):
    for_ben = lend(tiny, by=ben, to=bea)
    lend(tiny, by=bea, to=rita)
    for by, to, match in (
        (rita, ben, "circle"),
        (bea, bea, "to themselves"),
        (ben, rita, "already"),
    ):
        with pytest.raises(Refused, match=match):
            lend(tiny, by=by, to=to)
    services.revoke_delegation(for_ben, by=ben)
    lend(tiny, by=rita, to=ben)
    assert notices("gates.delegation_ended") == ["Bea"]


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"reason": "short"}, "Say why"),
        ({"until": timezone.now() - timedelta(days=1)}, "ends after it begins"),
        ({"until": timezone.now() + timedelta(days=400)}, "at most 366"),
    ],
)
def test_a_delegation_needs_an_end_and_a_reason(tiny, ben, bea, more, match):
    fields = {"until": timezone.now() + timedelta(days=1), "reason": REASON} | more
    with pytest.raises(Invalid, match=match):
        services.delegate(tiny, to=bea, by=ben, **fields)


def test_only_signers_delegate_to_members(tiny, ben, vera, cleo):
    with pytest.raises(Forbidden):
        lend(tiny, by=vera, to=ben)
    with pytest.raises(Invalid, match="member of the project"):
        lend(tiny, by=ben, to=cleo)


def test_an_ended_delegation_signs_nothing(request_, tiny, ben, vera, ada, cleo):
    lent = lend(tiny, by=ben, to=vera)
    services.revoke_delegation(lent, by=ada)
    with pytest.raises(Forbidden, match="Nobody delegated"):
        sign(request_, vera, delegation=Delegation.objects.get(pk=lent.pk))
    with pytest.raises(Forbidden, match="Nobody delegated"):
        sign(request_, vera, delegation=lent)
    with pytest.raises(Refused, match="ended already"):
        services.revoke_delegation(lent, by=ben)


def test_a_delegator_who_lost_the_role_lends_nothing(request_, tiny, ben, vera, ada):
    lent = lend(tiny, by=ben, to=vera)
    become(tiny, ben, "viewer", by=ada)
    with pytest.raises(Forbidden, match="not reviewer here any more"):
        sign(request_, vera, delegation=lent)


@pytest.mark.promise("delegation")
def test_eight_delegations_at_once_make_no_circle(transactional_db, request):
    """Each of eight people delegates to the next: seven succeed, and one would close the circle."""
    load = {name: request.getfixturevalue(name) for name in ("ada", "dev")}
    people = [person(f"r{number}") for number in range(8)]
    from tests.gates.light import tiny_project

    project = tiny_project(owner=load["ada"], members=[(one, "reviewer") for one in people])
    found, barrier = [], threading.Barrier(8)

    def act(number):
        try:
            barrier.wait()
            lend(project, by=people[number], to=people[(number + 1) % 8])
            found.append("given")
        except Refused as error:
            found.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["delegation_circle"] + ["given"] * 7


def test_what_changed_is_said_in_sentences_by_part(request_, light):
    assert not staleness_of(request_).is_stale
    registry.report_check(light, name="load_test", status="passed", by=light.created_by)
    found = staleness_of(Promotion.objects.get(pk=request_.pk))
    assert found.is_stale
    (group,) = found.groups
    assert group.title == "Checks"
    assert any("was not known and is" in one.sentence for one in group.changes)


def test_a_change_has_the_vocabulary_s_meaning_and_unit():
    (group,) = grouped({"costs": {"version_total": 5.0}}, {"costs": {"version_total": 7.25}})
    (change,) = group.changes
    assert group.title == "Costs"
    assert change.sentence.endswith("and is 7.25 " + change.unit + ".")
    assert "(costs.version_total) was 5 " in change.sentence


def test_the_time_to_decision_by_stage(tiny, dev, ben, bea, rita, cleo, ada):
    hours = [1, 2, 3, 4, 10]
    for number in hours:
        promotion = services.request_promotion(tiny_version(tiny, by=dev), to_stage="staging", by=dev)
        sign(promotion, ben)
        sign(promotion, bea)
        age(promotion, created_at=timedelta(hours=number))
    waits = services.request_promotion(tiny_version(tiny, by=dev), to_stage="staging", by=dev)
    age(waits, created_at=timedelta(hours=30))
    (stage,) = times.by_stage(dev, tiny)
    assert (stage.stage, stage.decided, stage.waiting) == ("staging", 5, 1)
    assert stage.p50_hours == pytest.approx(3, abs=0.05)
    assert stage.p90_hours == pytest.approx(7.6, abs=0.05)
    (open_one,) = times.ageing(dev)
    assert open_one.hours == pytest.approx(30, abs=0.05)
    assert times.by_stage(cleo) == []
    rows = list(times.as_rows(dev, tiny))
    assert len(rows) == 7
    projects.remove_member(tiny.memberships.get(user=bea), by=ada)
    assert times.by_stage(bea) == []
