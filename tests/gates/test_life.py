"""The life of a request: thread, named seats, delegation, expiry, reminders, re-review, staleness in words."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.audit.models import Event
from apps.core.db import constraint_name
from apps.core.errors import Forbidden, Invalid, Refused
from apps.evidence.services import collect
from apps.gates import due, queries, services, times
from apps.gates.changes import grouped, staleness_of
from apps.gates.models import Comment, Delegation, Nudge, Participant, Promotion, Review
from apps.jobs import periodic, running
from apps.jobs.models import Job
from apps.notifications.models import Notice
from apps.projects import services as projects
from apps.registry import services as registry
from tests.cast import person
from tests.conftest import superuser
from tests.gates.light import sign, tiny_version
from tests.gates.test_duties import become, forged
from tests.gates.turning import age

REASON = "On holiday until then."


def notices(kind):
    return sorted(Notice.objects.filter(kind=kind).values_list("person__full_name", flat=True))


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
    assert queries.inbox_for(ben)[0].why == "You were asked by name"
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
    assert queries.inbox_for(vera)[0].why == "You sign for Ben, reviewer"
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


@pytest.mark.promise("life of a request")
def test_a_request_expires_and_is_closed_for_good(request_, ben, dev):
    assert due.keep_time()["expired"] == 0
    age(request_, expires_at=timedelta(days=11))
    assert queries.inbox_count(ben) == 0
    with pytest.raises(Refused, match="time of this request is over"):
        sign(request_, ben)
    assert due.keep_time()["expired"] == 1
    assert due.keep_time()["expired"] == 0
    request_.refresh_from_db()
    assert request_.state == "expired"
    assert "Dev" in notices("gates.request_expired")
    assert Event.objects.filter(kind="gates.promotion_expired", object_id=request_.pk).count() == 1
    with pytest.raises(Refused, match="closed: expired"):
        services.withdraw_promotion(request_, by=dev)
    assert services.request_promotion(request_.version, to_stage="production", by=dev).state == "open"


@pytest.mark.promise("life of a request")
def test_the_database_lets_nothing_expire_early_nor_be_signed_late(request_, ben):
    change = Promotion.objects.filter(pk=request_.pk).update
    with pytest.raises(DatabaseError) as early, transaction.atomic():
        change(state="expired", closed_at=timezone.now(), lock_version=request_.lock_version + 1)
    assert constraint_name(early.value) == "gates_promotion_expires_in_time"
    age(request_, expires_at=timedelta(days=11))
    Participant.objects.create(promotion=request_, person=ben, kind="approver", because="forged")
    with pytest.raises(DatabaseError) as late, transaction.atomic():
        forged(request_, ben)
    assert constraint_name(late.value) == "gates_approval_in_time"


@pytest.mark.promise("life of a request")
def test_signers_are_reminded_once_and_owners_told_once(request_, ben, adam):
    sign(request_, ben)
    age(request_, created_at=timedelta(days=3))
    assert [due.keep_time()["remind"] for _ in range(3)] == [1, 0, 0]
    assert notices("gates.reminded") == ["Bea", "Rita"]
    age(request_, created_at=timedelta(days=3))
    assert [due.keep_time()["escalate"] for _ in range(3)] == [1, 0, 0]
    assert notices("gates.escalated") == ["Ada", "Adam"]
    assert Nudge.objects.filter(promotion=request_).count() == 2


def test_two_workers_remind_once(transactional_db, request):
    promotion = request.getfixturevalue("request_")
    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE gates_promotion SET created_at = created_at - interval '3 days'")
    barrier = threading.Barrier(4)

    def worker():
        try:
            barrier.wait()
            due.keep_time()
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notices("gates.reminded") == ["Bea", "Ben", "Rita"]
    assert Event.objects.filter(kind="gates.reminded", object_id=promotion.pk).count() == 1


def test_the_periodic_job_does_it(request_):
    age(request_, created_at=timedelta(days=3))
    assert "gates.keep_time" in periodic.enqueue_due()
    job = Job.objects.get(kind="gates.keep_time")
    running.run(job.pk, worker="w")
    job.refresh_from_db()
    assert (job.state, job.result["remind"]) == ("succeeded", 1)


def test_an_approval_is_valid_for_the_days_of_its_gate(live):
    review = live.reviews.get()
    assert review.state == "scheduled"
    assert (review.due_at - timezone.now()).days == 89
    assert (review.due_at - review.opens_at).days == 30


@pytest.mark.promise("life of a request")
def test_a_re_review_opens_waits_and_is_confirmed_by_the_same_signatures(live, ben, bea, rita, dev):
    review = live.reviews.get()
    with pytest.raises(Refused, match="opens on"):
        services.start_review(review, by=ben)
    age(review, opens_at=timedelta(days=61), due_at=timedelta(days=61))
    assert due.keep_time()["reviews_opened"] == 1
    assert due.keep_time()["reviews_opened"] == 0
    assert notices("gates.review_open") == ["Ada", "Bea", "Ben", "Rita"]
    assert [one.pk for one in queries.reviews_due_for(ben)] == [review.pk]
    asked = services.start_review(review, by=ben)
    assert (asked.purpose, asked.requested_by, asked.state) == ("review", dev, "open")
    assert queries.reviews_due_for(ben).count() == 0
    for one in (ben, bea, rita):
        sign(asked, one)
    review.refresh_from_db()
    live.refresh_from_db()
    assert (review.state, review.confirmed_by, live.stage) == ("confirmed", asked, "production")
    assert queries.review_of(live).state == "scheduled"
    assert live.transitions.count() == 1


def test_an_overdue_re_review_is_evidence_and_stays_so_until_it_is_answered(live, tiny, dev, ben):
    newer = tiny_version(tiny, by=dev)
    review = live.reviews.get()
    before = collect(newer)
    assert before.document["reviews"] == {"overdue": 0, "this_overdue": False}
    age(review, opens_at=timedelta(days=100), due_at=timedelta(days=100))
    assert collect(newer).digest == before.digest
    done = due.keep_time()
    assert (done["reviews_opened"], done["reviews_overdue"]) == (1, 1)
    assert collect(newer).document["reviews"] == {"overdue": 1, "this_overdue": False}
    assert collect(live).document["reviews"] == {"overdue": 0, "this_overdue": True}
    assert [one.pk for one in queries.overdue_in(tiny)] == [review.pk]
    services.record_finding(review, finding="The population has shifted.", by=ben)
    review.refresh_from_db()
    assert review.state == "finding"
    assert queries.review_of(live).state == "overdue"
    assert "Ada" in notices("gates.review_finding")


def test_policy_can_block_on_an_overdue_re_review(ada, dev, ben, rita):
    from tests.gates.light import tiny_project

    criteria = (
        "[{key: reviewed, title: Nothing is overdue, expression: reviews.overdue == 0, remedy: Review.}]"
    )
    members = [(dev, "contributor"), (ben, "reviewer"), (rita, "risk")]
    project = tiny_project(owner=ada, members=members, criteria=criteria)
    first = tiny_version(project, by=dev)
    asked = services.request_promotion(first, to_stage="production", by=dev)
    for one in (ben, rita):
        sign(asked, one)
    review = Review.objects.get()
    age(review, opens_at=timedelta(days=100), due_at=timedelta(days=100))
    due.keep_time()
    second = tiny_version(project, by=dev)
    refused = services.request_promotion(second, to_stage="production", by=dev)
    assert (refused.state, refused.verdict["criteria"][0]["key"]) == ("refused", "reviewed")
    again = services.start_review(Review.objects.get(), by=ben)
    for one in (ben, rita):
        sign(again, one)
    assert services.request_promotion(second, to_stage="production", by=dev).state == "open"


def test_a_finding_needs_words_and_withdraws_the_open_re_review(live, ben, vera):
    review = live.reviews.get()
    age(review, opens_at=timedelta(days=61), due_at=timedelta(days=61))
    due.keep_time()
    asked = services.start_review(review, by=ben)
    with pytest.raises(Refused, match="open already"):
        services.start_review(review, by=ben)
    with pytest.raises(Forbidden):
        services.record_finding(review, finding="I found something.", by=vera)
    with pytest.raises(Invalid, match="Say what you found"):
        services.record_finding(review, finding="short", by=ben)
    services.record_finding(review, finding="Drift in two features.", by=ben)
    asked.refresh_from_db()
    assert asked.state == "withdrawn"
    assert queries.review_of(live).state == "due"


def test_a_version_that_is_replaced_has_nothing_to_review(live, tiny, dev, ben, bea, rita):
    newer = tiny_version(tiny, by=dev)
    asked = services.request_promotion(newer, to_stage="production", by=dev)
    for one in (ben, bea, rita):
        sign(asked, one)
    assert live.reviews.get().state == "moot"
    assert queries.review_of(newer).state == "scheduled"


def test_the_database_confirms_no_review_without_its_signed_request(live, request_):
    review = live.reviews.get()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Review.objects.filter(pk=review.pk).update(
            state="confirmed", confirmed_by=request_, closed_at=timezone.now(), lock_version=2
        )
    assert constraint_name(caught.value) == "gates_review_signed"


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
