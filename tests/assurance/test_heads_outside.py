"""Signed heads leave the database by webhook too, where a webhook of the site asked for them by name."""

import json

import pytest
from django.urls import reverse

from apps.assurance.notices import HEAD
from apps.audit import notes
from apps.audit.proofs import newest_seal
from apps.core.errors import Invalid
from apps.jobs import running, services
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, Notice
from apps.projects import services as projects


def told():
    """Run the periodic job once."""
    job = services.enqueue("assurance.tell_head", {}, by=None)
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    return [json.loads(one.body) for one in Delivery.objects.order_by("id")]


@pytest.mark.promise("12")
def test_each_new_head_is_sent_once_to_who_asked_for_it(project, ada, adam, seal, sealing):
    keeper, _ = notifications.create_webhook(
        None, name="k", url="https://example.org/k", kinds=[HEAD], by=adam
    )
    notifications.create_webhook(None, name="all", url="https://example.org/a", by=adam)
    ours, _ = notifications.create_webhook(project, name="p", url="https://example.org/p", by=ada)
    with pytest.raises(Invalid, match="There is no kind of notice assurance"):
        notifications.create_webhook(project, name="h", url="https://example.org/h", kinds=[HEAD], by=ada)
    with pytest.raises(Invalid, match="There is no kind of notice assurance"):
        notifications.change_webhook(ours, kinds=[HEAD], by=ada)
    assert told() == []
    seal()
    assert len(told()) == 1
    [message] = told()
    assert Delivery.objects.get().webhook == keeper
    head = notes.open_head(message["data"]["facts"]["note"], sealing.verifier)
    assert head.size == message["data"]["facts"]["size"]
    assert message["data"]["link"].endswith(reverse("assurance:head"))
    projects.change_project(project, by=ada, name="Other")
    seal()
    assert [one["data"]["facts"]["size"] for one in told()] == [head.size, newest_seal().size]
    assert not Notice.objects.filter(kind=HEAD).exists()


def test_nobody_chooses_by_which_way_a_head_comes(client, ben):
    client.force_login(ben)
    page = client.get(reverse("notifications:preferences"))
    assert HEAD not in page.content.decode()


def test_the_webhooks_of_the_site_alone_can_choose_it(client, project, ada, adam):
    for person, name, args, offered in (
        (ada, "project_webhooks", [project.slug], False),
        (adam, "site_webhooks", [], True),
    ):
        client.force_login(person)
        page = client.get(reverse(f"notifications:{name}", args=args)).content.decode()
        assert (HEAD in page) is offered
