"""Who is told what, in whose transaction, and how often."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from apps.accounts import services as accounts
from apps.notifications import queries
from apps.notifications.kinds import UnknownNoticeType
from apps.notifications.models import Notice
from apps.notifications.services import announce
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.cast import person


@pytest.mark.promise("notices")
def test_each_person_is_told_once_whatever_account_they_stand_behind(project, ada, dev, ben, ci):
    told = announce("tests.told", project, project=project, to=[dev, ci.user, ben, ben], by=ada, what="x")
    assert {notice.person for notice in told} == {dev, ben}
    assert told[0].sentence == "Ada did something with Mortgages: x"
    assert queries.unread_count(dev) == 1
    assert queries.unread_count(ada) == 0


@pytest.mark.promise("notices")
def test_who_does_not_see_the_project_is_not_told(project, ada, cleo, olga, vera):
    vera.is_active = False
    vera.save()
    told = announce("tests.told", project, project=project, to=[cleo, olga, vera], by=ada, what="x")
    assert [notice.person for notice in told] == [olga]


def test_losing_the_project_takes_its_notices_away(project, ada, dev):
    announce("tests.told", project, project=project, to=[dev], by=ada, what="x")
    projects.remove_member(Membership.objects.get(project=project, user=dev), by=ada)
    assert queries.unread_count(dev) == 0
    assert not queries.notices_for(dev)


@pytest.mark.promise("notices")
def test_rolled_back_with_its_transaction_it_leaves_nothing(project, ada, dev):
    with transaction.atomic():
        announce("tests.urgent", project, project=project, to=[dev], by=ada)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pgmq.q_jobs")
        assert cursor.fetchone() == (0,)


def test_with_a_key_nobody_is_told_twice(project, ada, dev, ben):
    first = announce("tests.told", project, project=project, to=[dev], by=ada, once="2026-03-01", what="x")
    second = announce(
        "tests.told", project, project=project, to=[dev, ben], by=ada, once="2026-03-01", what="x"
    )
    other_day = announce(
        "tests.told", project, project=project, to=[dev], by=ada, once="2026-03-02", what="x"
    )
    assert [one.person for one in first] == [dev]
    assert [one.person for one in second] == [ben]
    assert [one.person for one in other_day] == [dev]


@pytest.mark.django_db(transaction=True)
def test_two_that_tell_the_same_at_once_tell_it_once(project, ada, dev):
    told, together = [], threading.Barrier(4)

    def tell() -> None:
        try:
            together.wait()
            told.extend(
                announce("tests.told", project, project=project, to=[dev], by=ada, once="k", what="x")
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    assert Notice.objects.count() == 1


def test_telling_many_costs_no_more_queries_than_telling_one(project, ada, dev, ben, rita, vera):
    with CaptureQueriesContext(connection) as one:
        announce("tests.told", project, project=project, to=[dev], by=ada, what="x")
    with CaptureQueriesContext(connection) as four:
        announce("tests.told", project, project=project, to=[dev, ben, rita, vera], by=ada, what="x")
    assert len(four) == len(one)


def test_an_unknown_kind_is_refused(project, ada):
    with pytest.raises(UnknownNoticeType, match="No app lists"):
        announce("tests.nowhere", project, project=project, to=[ada], by=ada)


@pytest.mark.parametrize("link", ["https://elsewhere.example", "//elsewhere.example", "javascript:x"])
def test_a_link_leads_nowhere_else(project, ada, link):
    with pytest.raises(IntegrityError), transaction.atomic():
        announce("tests.told", project, project=project, to=[ada], by=ada, link=link, what="x")


def test_a_notice_without_a_project_is_for_anybody_active(project, ada, cleo):
    account = accounts.create_service_account("bot", owner=cleo, by=cleo)
    told = announce("tests.told", account, project=None, to=[account], by=None, what="x")
    assert [one.person for one in told] == [cleo]
    assert told[0].sentence == "mlgov did something with bot: x"
    assert Notice.objects.filter(Q(person=cleo), read_at__isnull=True).exists()
    assert not person("zoe").notices.exists()
