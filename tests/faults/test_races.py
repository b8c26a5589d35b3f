"""Two at once, a hundred times, over real connections: the invariants hold, and each person reads one sentence."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.gates import due, queries, services
from apps.gates.models import Approval, Comment, Delegation, Promotion, Review
from apps.registry import services as registry
from apps.registry.models import Version
from tests.at_once import at_once, refusals
from tests.conftest import superuser
from tests.gates.conftest import bea, tiny  # noqa: F401 - fixtures
from tests.gates.light import sign, tiny_version
from tests.gates.test_stateful import broken

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
ROUNDS = 100


def ask(version, by, stage="staging"):
    return services.request_promotion(version, to_stage=stage, by=by)


@pytest.mark.promise("races", "16")
def test_two_approvers_at_once(tiny, dev, ben, bea):  # noqa: F811
    for _ in range(ROUNDS):
        promotion = ask(tiny_version(tiny, by=dev), dev)
        found = at_once(lambda p=promotion: sign(p, ben), lambda p=promotion: sign(p, bea))
        assert refusals(found) == []
        promotion = Promotion.objects.get(pk=promotion.pk)
        assert (promotion.state, promotion.approvals.count()) == ("promoted", 2)
    assert broken() == []


@pytest.mark.promise("races", "4")
def test_the_last_signature_and_a_withdrawal_at_once(tiny, dev, ben, bea):  # noqa: F811
    ends = []
    for number in range(ROUNDS):
        promotion = ask(tiny_version(tiny, by=dev), dev)
        given = sign(promotion, ben)
        found = at_once(
            lambda p=promotion: sign(p, bea),
            lambda a=given: services.withdraw_approval(a, by=ben, reason="I looked at it again."),
            after=number % 10 / 50,
        )
        state = Promotion.objects.get(pk=promotion.pk).state
        live = Approval.objects.filter(promotion=promotion, withdrawn_at__isnull=True).count()
        assert (state, live, refusals(found)) in [("promoted", 2, ["closed"]), ("open", 1, [])]
        ends.append(state)
    assert broken() == []
    print(f"promoted {ends.count('promoted')}, withdrawn in time {ends.count('open')}")


@pytest.mark.promise("races", "7")
def test_two_versions_go_to_production_at_once(tiny, dev, ben, bea, rita):  # noqa: F811
    for _ in range(ROUNDS):
        pair = [ask(tiny_version(tiny, by=dev), dev, "production") for _ in range(2)]
        for promotion in pair:
            sign(promotion, ben)
            sign(promotion, bea)
        found = at_once(*(lambda p=one: sign(p, rita) for one in pair))
        # The second may find that the champion of its evidence has changed: that is a sentence too.
        assert set(refusals(found)) <= {"stale"}
        assert Version.objects.filter(stage="production").count() == 1
        states = sorted(
            Promotion.objects.filter(pk__in=[one.pk for one in pair]).values_list("state", flat=True)
        )
        assert states in (["promoted", "promoted"], ["promoted", "stale"])
        for left in Promotion.objects.filter(state="open"):
            services.withdraw_promotion(left, by=dev)
    assert broken() == []


@pytest.mark.promise("races", "2")
def test_evidence_is_written_while_someone_signs(tiny, dev, ben, bea):  # noqa: F811
    ends = []
    for number in range(ROUNDS):
        version = tiny_version(tiny, by=dev)
        promotion = ask(version, dev)
        sign(promotion, ben)
        found = at_once(
            lambda p=promotion: sign(p, bea),
            lambda v=version: registry.report_check(v, name="late", status="failed", by=dev),
            after=number % 10 / 50,
        )
        promotion = Promotion.objects.get(pk=promotion.pk)
        assert (promotion.state, refusals(found)) in [("promoted", []), ("stale", ["stale"])]
        if promotion.state == "promoted":
            # What was signed knew nothing of the check: it came afterwards.
            assert "late" not in promotion.snapshot.document.get("checks", {})
        ends.append(promotion.state)
    assert broken() == []
    print(f"promoted {ends.count('promoted')}, stale {ends.count('stale')}")


@pytest.mark.promise("races")
def test_every_act_sent_twice_happens_once(tiny, dev, ben, bea, rita, vera):  # noqa: F811
    version = tiny_version(tiny, by=dev)

    def twice(act):
        return at_once(act, act)

    assert refusals(twice(lambda: ask(version, dev))) == ["open_already"]
    promotion = Promotion.objects.get(state="open")
    twice(lambda: services.comment(promotion, text="Why so?", by=ben))
    assert Comment.objects.count() == 1
    assert refusals(twice(lambda: services.ask_for_seat(promotion, person=bea, by=dev))) == ["asked_once"]
    assert refusals(twice(lambda: sign(promotion, ben))) == ["signed_already"]
    given = Approval.objects.get()

    def take_back():
        return services.withdraw_approval(given, by=ben, reason="I looked at it again.")

    assert refusals(twice(take_back)) == ["withdrawn_already"]
    until = timezone.now() + timedelta(days=1)

    def lend():
        return services.delegate(tiny, to=vera, until=until, reason="Away tomorrow.", by=ben)

    assert refusals(twice(lend)) == ["delegation_overlap"]
    lent = Delegation.objects.get()
    assert refusals(twice(lambda: sign(promotion, vera, delegation=lent))) == ["signed_already"]
    assert refusals(twice(lambda: services.revoke_delegation(lent, by=ben))) == ["ended"]
    assert refusals(twice(lambda: services.withdraw_promotion(promotion, by=dev))) == ["closed"]
    reject = ask(version, dev)
    assert refusals(twice(lambda: sign(reject, ben, decision="reject"))) == ["closed"]
    assert broken() == []


def test_a_re_review_is_started_answered_and_noted_once(tiny, dev, ben, bea, rita):  # noqa: F811
    promotion = ask(tiny_version(tiny, by=dev), dev, "production")
    for one in (ben, bea, rita):
        sign(promotion, one)
    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE gates_review SET opens_at = opens_at - interval '61 days', due_at = due_at - interval '61 days'"
        )
    at_once(*[due.keep_time] * 4)
    review = Review.objects.get()
    assert review.state == "due"
    found = at_once(*[lambda: services.start_review(review, by=ben)] * 2)
    assert refusals(found) == ["open_already"]
    found = at_once(*[lambda: services.record_finding(review, finding="The data has drifted.", by=ben)] * 2)
    assert refusals(found) == ["closed"]
    assert queries.review_of(review.version).state == "due"
    assert broken() == []


@pytest.mark.promise("races")
def test_a_delegate_and_the_delegator_at_once_give_one_signature(tiny, dev, ben, vera):  # noqa: F811
    until = timezone.now() + timedelta(days=1)
    lent = services.delegate(tiny, to=vera, until=until, reason="Away tomorrow.", by=ben)
    for _ in range(ROUNDS):
        promotion = ask(tiny_version(tiny, by=dev), dev)
        found = at_once(lambda p=promotion: sign(p, ben), lambda p=promotion: sign(p, vera, delegation=lent))
        assert refusals(found) == ["signed_already"]
        assert promotion.approvals.count() == 1
    assert broken() == []


@pytest.mark.promise("races")
def test_expiry_and_a_signature_at_once(tiny, dev, ben, bea):  # noqa: F811
    for _ in range(20):
        promotion = ask(tiny_version(tiny, by=dev), dev)
        sign(promotion, ben)
        with superuser() as admin:
            admin.execute("SET session_replication_role = replica")
            admin.execute(
                "UPDATE gates_promotion SET expires_at = clock_timestamp() + interval '30 ms' WHERE state = 'open'"
            )
        found = at_once(lambda p=promotion: sign(p, bea), due.keep_time, due.keep_time)
        due.keep_time()
        state = Promotion.objects.get(pk=promotion.pk).state
        assert (state, bool(refusals(found))) in [("promoted", False), ("expired", True), ("open", True)]
        if state == "open":
            time.sleep(0.05)
            due.keep_time()
            assert Promotion.objects.get(pk=promotion.pk).state == "expired"
    assert broken() == []
