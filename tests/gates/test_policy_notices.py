"""Who is told of policy drafts and moves, and in whose inbox they stand."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import Refused
from apps.gates import services
from apps.gates.queries_policy import moves_to_confirm_for
from apps.notifications.models import Notice
from apps.policies.queries import drafts_to_publish_for
from apps.policies.services import (
    propose_draft,
    publish,
    publish_draft,
    send_back,
    start_draft,
    withdraw_draft,
)
from apps.projects.enums import Role
from tests.cast import person
from tests.gates.light import pack, tiny_project
from tests.gates.test_following import PROOF, WHY


@pytest.fixture
def eve(db):
    return person("eve", "administrator")


@pytest.fixture
def proposed(adam, eve):
    return propose_draft(start_draft(source=pack(reviewers=1), by=adam), by=adam, reason=WHY)


def told(kind):
    return set(Notice.objects.filter(kind=f"gates.{kind}").values_list("person__full_name", flat=True))


def test_whoever_may_publish_is_told_and_the_author_learns_what_became_of_it(
    proposed, adam, eve, olga, client
):
    assert told("draft_proposed") == {"Eve"}
    sentence = Notice.objects.get(kind="gates.draft_proposed").sentence
    assert sentence == f"Adam proposes the policy draft {proposed}: {WHY}"
    assert [list(drafts_to_publish_for(one)) for one in (adam, eve, olga)] == [[], [proposed], []]
    client.force_login(eve)
    page = client.get("/").content.decode()
    assert "1 policy waits to be published" in page
    assert "Policies to publish or send back" in page
    send_back(proposed, by=eve, remark="Ask for two reviewers.")
    assert told("draft_sent_back") == {"Adam"}
    assert not drafts_to_publish_for(eve)
    again = propose_draft(proposed, by=adam, reason=WHY)
    publish_draft(again, by=eve, proof=PROOF)
    assert told("draft_published") == {"Adam"}


def test_who_gives_up_an_own_draft_is_told_nothing(proposed, adam):
    withdraw_draft(proposed, by=adam)
    assert told("draft_withdrawn") == set()


def test_a_refused_proposal_tells_nobody(adam, eve):
    draft = start_draft(source=pack(reviewers=1), by=adam)
    propose_draft(draft, by=adam, reason=WHY)
    with pytest.raises(Refused):
        propose_draft(draft, by=adam, reason=WHY)
    assert Notice.objects.filter(kind="gates.draft_proposed").count() == 1


def test_a_move_is_told_to_who_may_confirm_it_and_its_end_to_who_asked(tiny, ada, ben, dev, rita, client):
    looser = publish(pack(reviewers=1), by=None)
    move = services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    assert told("move_asked") == {"Rita"}
    assert [list(moves_to_confirm_for(one)) for one in (ada, ben, rita)] == [[], [], [move]]
    client.force_login(rita)
    page = client.get("/").content.decode()
    assert "1 move to another policy waits for you" in page
    services.close_move(move, by=rita, reason="The reviewers are too few.")
    assert told("move_refused") == {"Ada"}
    second = services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    services.confirm_move(second, by=rita, proof=PROOF)
    assert told("move_confirmed") == {"Ada"}
    assert not moves_to_confirm_for(rita)


def test_the_inbox_costs_the_same_with_more_drafts_and_moves(client, tiny, adam, eve, ada, rita):
    def counted(person):
        client.force_login(person)
        client.get("/")  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as caught:
            client.get("/")
        return len(caught)

    def more(number):
        source = pack(reviewers=1).replace("title: Tiny", f"title: Tiny {number}")
        propose_draft(start_draft(source=source, by=adam), by=adam, reason=WHY)
        other = tiny_project(
            owner=ada, members=[(rita, Role.RISK)], slug=f"tiny-{number}", reviewers=2 + number % 2
        )
        services.ask_move(other, to=publish(source, by=None), reason=WHY, by=ada)

    more(1)
    one = [counted(person) for person in (eve, rita)]
    more(2)
    more(3)
    assert [counted(person) for person in (eve, rita)] == one
