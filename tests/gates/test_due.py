"""What time does to a request and an approval: expiry, reminders, escalation, re-review."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.audit.models import Event
from apps.core.db import constraint_name
from apps.core.errors import Forbidden, Invalid, Refused
from apps.evidence.services import collect
from apps.gates import due, queries, services
from apps.gates.models import Nudge, Participant, Promotion, Review
from apps.jobs import periodic, running
from apps.jobs.models import Job
from tests.conftest import superuser
from tests.gates.light import notices, sign, tiny_version
from tests.gates.test_duties import forged
from tests.gates.turning import age


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
