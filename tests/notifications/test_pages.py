"""The pages of notices and webhooks: whole, for the right people, at a fixed number of queries."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.notifications import queries, services
from apps.notifications.models import Attempt, Delivery, Notice, Webhook
from apps.notifications.services import announce

INLINE = re.compile(rb"<script(?![^>]*\ssrc=)|\sstyle=\"|\son[a-z]+=\"|hx-on", re.IGNORECASE)
URL = "https://hooks.example.org/secret-path"


def tell(project, person, what="x", **more):
    return announce("tests.told", project, project=project, to=[person], by=None, what=what, **more)[0]


@pytest.fixture
def hook(project, ada):
    return services.create_webhook(project, name="chat", url=URL, by=ada)[0]


@pytest.fixture
def places(hook, project, ada):
    delivery = services.send_test(hook, by=ada)
    return {
        "mine": [reverse(f"notifications:{name}") for name in ("unread", "all", "preferences")],
        "owners": [
            reverse("notifications:project_webhooks", args=[project.slug]),
            reverse("notifications:webhook", args=[hook.pk]),
            reverse("notifications:delivery", args=[delivery.pk]),
        ],
        "administrators": [reverse("notifications:site_webhooks"), reverse("notifications:mails")],
    }


def test_each_page_is_whole_for_whom_it_is_for_and_for_nobody_else(
    client, places, ada, dev, adam, olga, cleo
):
    expected = {
        ada: {"mine": 200, "owners": 200, "administrators": 404},
        dev: {"mine": 200, "owners": 403, "administrators": 404},
        olga: {"mine": 200, "owners": 403, "administrators": 404},
        adam: {"mine": 200, "owners": 403, "administrators": 200},
        cleo: {"mine": 200, "owners": 404, "administrators": 404},
    }
    for person, answers in expected.items():
        client.force_login(person)
        for kind, status in answers.items():
            for path in places[kind]:
                answer = client.get(path)
                assert answer.status_code == status, f"{person}: {path}"
                assert not INLINE.search(answer.content), path


def test_acts_on_webhooks_are_refused_to_others(client, hook, places, project, dev, cleo):
    delivery = Delivery.objects.get()
    acts = [
        reverse(f"notifications:{name}", args=[hook.pk]) for name in ("rotate", "test", "remove", "webhook")
    ]
    acts += [reverse("notifications:redeliver", args=[delivery.pk])]
    acts += [reverse("notifications:project_webhooks", args=[project.slug])]
    for person, status in ((dev, 403), (cleo, 404)):
        client.force_login(person)
        for path in acts:
            assert client.post(path).status_code == status, path
    hook.refresh_from_db()
    assert hook.lock_version == 1


def test_the_bell_counts_what_is_unread_and_a_link_reads_it(client, project, dev, ben):
    notice = tell(project, dev, link="/projects/mortgages/")
    client.force_login(dev)
    assert 'unread: </span><span class="count">1</span>' in client.get("/projects/").content.decode()
    answer = client.get(reverse("notifications:follow", args=[notice.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/projects/mortgages/")
    assert queries.unread_count(dev) == 0
    assert "You have read everything" in client.get("/notices/").content.decode()
    assert "did something" in client.get("/notices/all/").content.decode()
    client.force_login(ben)
    assert client.get(reverse("notifications:follow", args=[notice.pk])).status_code == 404


def test_one_is_read_or_all_that_stood_there_by_plain_forms(client, project, dev, ben):
    client.force_login(dev)
    first, second = tell(project, dev), tell(project, dev)
    client.post(reverse("notifications:read", args=[first.pk]))
    assert queries.unread_count(dev) == 1
    others, later = tell(project, ben), tell(project, dev)
    client.post(reverse("notifications:read_all"), {"until": str(second.pk)})
    assert list(queries.notices_for(dev).filter(read_at=None)) == [later]
    assert Notice.objects.get(pk=others.pk).read_at is None
    assert client.post(reverse("notifications:read", args=[others.pk])).status_code == 404
    for wrong in ("", "x", "7"):
        assert client.post(reverse("notifications:read_all"), {"until": wrong}).status_code == 404
    assert client.get(reverse("notifications:read_all")).status_code == 405


@pytest.mark.promise("27")
def test_text_of_others_is_shown_as_text(client, project, dev):
    tell(project, dev, what="<script>alert(1)</script>")
    client.force_login(dev)
    assert b"<script>alert" not in client.get("/notices/").content


def test_preferences_are_kept_and_what_is_urgent_has_no_off(client, dev):
    client.force_login(dev)
    page = client.get("/notices/preferences/")
    content = page.content.decode()
    assert "Urgent kinds cannot be switched off, because" in content
    body = queries.channels_of(dev)
    answer = client.post("/notices/preferences/", body | {"tests.told": "off", "tests.quiet": "email"})
    assert answer.status_code == 302
    assert queries.channels_of(dev) == body | {"tests.told": "off", "tests.quiet": "email"}
    wrong = client.post("/notices/preferences/", body | {"tests.urgent": "off"})
    assert wrong.status_code == 422
    assert "not one of the available choices" in wrong.content.decode()


def test_a_webhook_s_life_by_plain_forms(client, project, ada):
    client.force_login(ada)
    address = reverse("notifications:project_webhooks", args=[project.slug])
    wrong = client.post(address, {"name": "chat", "url": "ftp://x"})
    assert wrong.status_code == 422
    assert "begins with https" in wrong.content.decode()
    made = client.post(address, {"name": "chat", "url": URL, "kinds": ["tests.urgent"]})
    (secret,) = re.findall(r'id="secret">(whsec_[^<]+)<', made.content.decode())
    assert "no-store" in made["Cache-Control"]
    hook = Webhook.objects.get()
    one = reverse("notifications:webhook", args=[hook.pk])
    assert secret not in client.get(one).content.decode()
    renewed = client.post(reverse("notifications:rotate", args=[hook.pk])).content.decode()
    assert re.findall(r'id="secret">(whsec_[^<]+)<', renewed) != [secret]
    changed = {"name": "room", "url": URL, "kinds": [], "enabled": "on", "expect": 1}
    assert client.post(one, changed).status_code == 422
    assert client.post(one, changed | {"expect": 2}).status_code == 302
    tested = client.post(reverse("notifications:test", args=[hook.pk]))
    delivery = Delivery.objects.get()
    assert tested["Location"] == reverse("notifications:delivery", args=[delivery.pk])
    again = client.post(reverse("notifications:test", args=[hook.pk]), follow=True)
    assert "on its way already" in again.content.decode()
    early = client.post(reverse("notifications:redeliver", args=[delivery.pk]), follow=True)
    assert "still on its way" in early.content.decode()
    Delivery.objects.update(state="dead", due_at=None)
    client.post(reverse("notifications:redeliver", args=[delivery.pk]))
    delivery.refresh_from_db()
    assert delivery.state == "queued"
    assert client.post(reverse("notifications:remove", args=[hook.pk]))["Location"] == address
    assert client.get(one).status_code == 404


def test_an_answer_of_the_other_side_is_shown_as_text(client, hook, ada):
    delivery = services.send_test(hook, by=ada)
    Attempt.objects.create(
        delivery=delivery, number=1, status=500, seconds=0.1, response="<img src=x>", error="no"
    )
    client.force_login(ada)
    content = client.get(reverse("notifications:delivery", args=[delivery.pk])).content.decode()
    assert "&lt;img src=x&gt;" in content
    fragment = client.get(
        reverse("notifications:delivery", args=[delivery.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert fragment.lstrip().startswith('<div id="tries"')


def test_an_e_mail_that_is_not_there_cannot_be_sent_again(client, adam, ben):
    path = reverse("notifications:mail_again", args=[uuid.uuid4()])
    for person in (adam, ben):
        client.force_login(person)
        assert client.post(path).status_code == 404


def test_lists_cost_the_same_with_three_rows(client, project, ada, adam, hook):
    def more():
        tell(project, ada)
        announce("tests.urgent", project, project=project, to=[ada], by=None)
        services.create_webhook(project, name="n", url=URL, by=ada)
        services.create_webhook(None, name="n", url=URL, by=adam)

    def cost(person, path):
        client.force_login(person)
        client.get(path)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path).status_code == 200
        return len(caught)

    pages = [
        *((ada, path) for path in ("/notices/", "/notices/all/", "/projects/mortgages/webhooks/")),
        *((adam, path) for path in ("/webhooks/", "/notices/mails/")),
        (ada, reverse("notifications:webhook", args=[hook.pk])),
    ]
    more()
    before = [cost(*one) for one in pages]
    more()
    more()
    assert [cost(*one) for one in pages] == before


def test_the_bell_costs_one_query(client, dev, project):
    tell(project, dev)
    with CaptureQueriesContext(connection) as caught:
        assert queries.unread_count(dev) == 1
    assert len(caught) == 1
