"""Webhooks: signed, tried for a day, the same id in every try, and secrets that stay secret."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import Now

from apps.audit import services as audit
from apps.audit.models import Event
from apps.core import governed
from apps.core.errors import Conflict, Forbidden, Invalid, Refused
from apps.jobs import running
from apps.jobs.models import Job
from apps.notifications import outbox, services, signing
from apps.notifications.models import Attempt, Delivery, Notice, Webhook
from apps.notifications.services import announce
from apps.projects import services as projects
from tests.listening import answering, listening


@pytest.fixture
def server(settings):
    with listening(answering("200 OK", b"<b>thanks</b>")) as found:
        settings.OUTGOING_ALLOW = ["127.0.0.1/32"]
        settings.OUTGOING_PORTS = [80, 443, found.port]
        yield found


@pytest.fixture
def hook(project, ada, server):
    return services.create_webhook(project, name="chat", url=server.url, by=ada)


def run_deliveries() -> None:
    for job in Job.objects.filter(kind="notifications.deliver", state="queued"):
        running.run(job.pk, worker="test")


def tell(project, **more):
    return announce("tests.told", project, project=project, to=[], by=None, what="x", **more)


@pytest.mark.promise("26")
def test_a_message_says_what_happened_and_is_signed(hook, project, server):
    _, secret = hook
    tell(project, link="/projects/mortgages/")
    run_deliveries()
    delivery = Delivery.objects.get()
    assert delivery.state == "sent"
    headers, body = server.headers(), server.body()
    assert headers["webhook-id"] == delivery.message_id
    expected = signing.signature(
        secret, message_id=headers["webhook-id"], timestamp=int(headers["webhook-timestamp"]), body=body
    )
    assert headers["webhook-signature"] == expected
    message = json.loads(body)
    assert message["type"] == "tests.told"
    assert message["data"]["sentence"] == "mlgov did something with Mortgages: x"
    assert message["data"]["project"]["slug"] == "mortgages"
    assert message["data"]["link"] == "http://localhost:8000/projects/mortgages/"
    tried = Attempt.objects.get()
    assert (tried.status, tried.number, tried.response, tried.error) == (200, 1, "<b>thanks</b>", "")


def test_the_signature_is_the_one_of_the_published_example():
    """The example of the specification's reference libraries."""
    made = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secret_is_nowhere_in_the_database_or_the_audit(hook, project, ada):
    webhook, secret = hook
    _, second = services.rotate_secret(webhook, by=ada)
    for kept in (secret, second):
        inner = kept.removeprefix("whsec_")
        row = Webhook.objects.values().get()
        assert inner not in str(row)
        assert inner not in str(list(Event.objects.values("data", "object_label")))
    assert signing.unsealed(Webhook.objects.get().secret_sealed) == second


def test_while_secrets_overlap_both_sign_and_then_one(hook, project, ada, server):
    webhook, old = hook
    _, new = services.rotate_secret(webhook, by=ada)
    tell(project)
    run_deliveries()
    headers = server.headers()
    stamp = {
        "message_id": headers["webhook-id"],
        "timestamp": int(headers["webhook-timestamp"]),
        "body": server.body(),
    }
    both = [signing.signature(one, **stamp) for one in (new, old)]
    assert headers["webhook-signature"].split(" ") == both
    webhook = Webhook.objects.get()
    with transaction.atomic():
        governed.change(webhook, previous_until=Now() - timedelta(seconds=1))
        audit.record("notifications.webhook_changed", webhook, by=ada, fields="", project_id=project.pk)
    tell(project)
    run_deliveries()
    assert " " not in server.headers()["webhook-signature"]


def test_a_changed_key_of_the_site_is_a_failure_that_says_so(hook, project, settings):
    settings.SECRET_KEY = "another"
    tell(project)
    run_deliveries()
    assert "MLGOV_SECRET_KEY" in Delivery.objects.get().error
    assert not Attempt.objects.get().status


def test_it_is_told_what_it_asked_for_and_nothing_of_other_projects(project, ada, dev, server):
    services.create_webhook(project, name="urgent", url=server.url, by=ada, kinds=["tests.urgent"])
    other = projects.create_project(slug="other", name="Other", by=dev)
    tell(project)
    tell(other)
    assert not Delivery.objects.exists()
    announce("tests.urgent", project, project=project, to=[], by=None)
    assert Delivery.objects.get().kind == "tests.urgent"


def test_a_webhook_of_the_site_is_told_of_every_project(project, adam, server):
    services.create_webhook(None, name="site", url=server.url, by=adam)
    tell(project)
    announce("tests.told", adam, project=None, to=[], by=None, what="x")
    assert Delivery.objects.count() == 2


def test_rolled_back_nothing_is_left_to_send(hook, project):
    with transaction.atomic():
        tell(project)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()
    assert not Job.objects.exists()


def test_with_a_key_a_webhook_is_told_once(hook, project):
    tell(project, once="2026-03-01")
    tell(project, once="2026-03-01")
    assert Delivery.objects.count() == Job.objects.count() == 1


def fail_for_a_day(settings) -> None:
    run_deliveries()
    for _ in Delivery.PAUSES:
        Delivery.objects.filter(state="waiting").update(due_at=Now())
        outbox.sweep()
        run_deliveries()


@pytest.mark.promise("26")
@pytest.mark.parametrize("status", ["500 Oops", "302 Found", "404 Not Found"])
def test_what_never_arrives_is_given_up_and_the_webhook_switched_off(project, ada, settings, status):
    with listening(answering(status, b"no")) as server:
        settings.OUTGOING_ALLOW, settings.OUTGOING_PORTS = ["127.0.0.1/32"], [server.port]
        webhook, _ = services.create_webhook(project, name="chat", url=server.url, by=ada)
        tell(project)
        fail_for_a_day(settings)
        delivery = Delivery.objects.get()
        assert delivery.state == "dead"
        assert delivery.attempts.count() == len(server.requests) == len(Delivery.PAUSES) + 1
        assert len({server.headers(index)["webhook-id"] for index in range(len(server.requests))}) == 1
    webhook.refresh_from_db()
    assert not webhook.enabled
    assert status[:3] in webhook.disabled_reason
    told = Notice.objects.get()
    assert (told.person, told.kind) == (ada, "notifications.webhook_disabled")
    assert Event.objects.filter(kind="notifications.webhook_disabled", actor_kind="system").exists()
    with pytest.raises(Refused, match="switched off"):
        services.redeliver(delivery, by=ada)
    services.change_webhook(webhook, by=ada, enabled=True)
    services.redeliver(delivery, by=ada)


def test_one_lost_message_among_others_that_arrive_does_not_switch_it_off(
    hook, project, ada, server, settings
):
    webhook, _ = hook
    tell(project)
    lost = Delivery.objects.get()
    settings.OUTGOING_PORTS = [80]
    run_deliveries()
    Delivery.objects.filter(pk=lost.pk).update(tries=len(Delivery.PAUSES), due_at=Now())
    settings.OUTGOING_PORTS = [server.port]
    tell(project)
    run_deliveries()
    settings.OUTGOING_PORTS = [80]
    outbox.sweep()
    run_deliveries()
    lost.refresh_from_db()
    webhook.refresh_from_db()
    assert lost.state == "dead"
    assert webhook.enabled


def test_pauses_grow_to_a_day_and_differ_by_chance():
    total = sum(Delivery.PAUSES, timedelta())
    assert timedelta(hours=20) < total < timedelta(hours=26)
    assert list(Delivery.PAUSES) == sorted(Delivery.PAUSES)
    row = Delivery()
    drawn = {outbox.pause_before(row, 3) for _ in range(20)}
    assert len(drawn) > 10
    assert all(0.8 <= one / Delivery.PAUSES[2] <= 1.2 for one in drawn)


@pytest.mark.django_db(transaction=True)
def test_two_workers_deliver_once(hook, project, server):
    tell(project)
    job = Job.objects.get(kind="notifications.deliver")
    together = threading.Barrier(4)

    def work(name: str) -> None:
        try:
            together.wait()
            running.run(job.pk, worker=name)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1
    assert Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_start_a_message_once(hook, project):
    tell(project)
    Job.objects.all().update(state="succeeded", finished_at=Now())
    Delivery.objects.update(state="waiting", due_at=Now(), job=None)
    started, together = [], threading.Barrier(3)

    def sweep() -> None:
        try:
            together.wait()
            started.append(outbox.sweep())
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(started) == 1


KILLED = """
import os, signal, django
django.setup()
from apps.notifications import delivering
from apps.jobs import running
from django.db import connection
really = delivering.transmit
from apps.notifications import jobs
def transmit_and_die(delivery):
    really(delivery)
    os.kill(os.getpid(), signal.SIGKILL)
jobs.delivering.transmit = transmit_and_die
running.run("{job}", worker="doomed")
"""


@pytest.mark.django_db(transaction=True)
def test_killed_between_sending_and_writing_it_is_sent_again_under_the_same_id(hook, project, server):
    tell(project)
    job = Job.objects.get(kind="notifications.deliver")
    parameters = connection.settings_dict
    url = f"postgresql://{parameters['USER']}:{parameters['PASSWORD']}@/{parameters['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"{url}?host={parameters['HOST']}&port={parameters['PORT']}",
        "MLGOV_OWNER_DATABASE_URL": f"{url}?host={parameters['HOST']}&port={parameters['PORT']}",
        "DJANGO_SETTINGS_MODULE": "mlgov.settings",
        "MLGOV_OUTGOING_ALLOW": "127.0.0.1/32",
        "MLGOV_OUTGOING_PORTS": str(server.port),
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(job=job.pk)],
        env=environment,
        check=False,
        capture_output=True,
        timeout=90,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    assert len(server.requests) == 1
    assert not Attempt.objects.exists()
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
    running.run(job.pk, worker="next")
    assert len(server.requests) == 2
    assert server.headers(0)["webhook-id"] == server.headers(1)["webhook-id"]
    assert server.body(0) == server.body(1)
    assert Delivery.objects.get().state == "sent"


def test_a_try_is_never_changed(hook, project):
    tell(project)
    run_deliveries()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Attempt.objects.update(status=500)


def test_only_owners_manage_a_project_s_and_administrators_the_site_s(hook, project, ada, dev, adam, server):
    webhook, _ = hook
    for person in (dev, adam):
        with pytest.raises(Forbidden):
            services.create_webhook(project, name="x", url=server.url, by=person)
        for act in (services.rotate_secret, services.remove_webhook, services.send_test):
            with pytest.raises(Forbidden):
                act(webhook, by=person)
    with pytest.raises(Forbidden):
        services.create_webhook(None, name="x", url=server.url, by=ada)


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://x.org"},
        {"url": "http://x.org:22/"},
        {"name": " "},
        {"kinds": ["tests.nothing"]},
        {"name": "x" * 101},
    ],
)
def test_bad_fields_are_refused_by_name(project, ada, fields):
    with pytest.raises(Invalid) as caught:
        services.create_webhook(project, **{"name": "n", "url": "https://x.org", "by": ada, **fields})
    assert caught.value.details["field"] in fields


def test_an_address_inside_is_refused_when_it_is_called(project, ada, settings):
    webhook, _ = services.create_webhook(
        project, name="n", url="http://169.254.169.254/latest/meta-data", by=ada
    )
    delivery = services.send_test(webhook, by=ada)
    run_deliveries()
    delivery.refresh_from_db()
    assert "no public address" in delivery.error
    assert delivery.state == "waiting"


def test_a_test_reaches_a_webhook_that_is_off_and_waits_its_turn(hook, ada, server):
    webhook, _ = hook
    services.change_webhook(webhook, by=ada, enabled=False)
    services.send_test(webhook, by=ada)
    with pytest.raises(Refused, match="on its way"):
        services.send_test(webhook, by=ada)
    run_deliveries()
    assert json.loads(server.body())["type"] == "notifications.test"


def test_what_waits_is_not_sent_after_it_was_switched_off_or_removed(hook, project, ada, server):
    webhook, _ = hook
    tell(project)
    services.remove_webhook(webhook, by=ada)
    run_deliveries()
    assert not server.requests
    assert Delivery.objects.get().state == "skipped"
    webhook.refresh_from_db()
    assert webhook.secret_sealed == ""
    with pytest.raises(Refused, match="removed"):
        services.send_test(webhook, by=ada)


@pytest.mark.promise("8")
def test_two_that_change_it_at_once_are_told(hook, ada):
    webhook, _ = hook
    services.change_webhook(webhook, by=ada, name="a", expect=1)
    with pytest.raises(Conflict):
        services.change_webhook(webhook, by=ada, name="b", expect=1)


def test_a_change_without_its_event_does_not_commit(hook):
    webhook, _ = hook

    def change_silently() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            Webhook.objects.filter(pk=webhook.pk).update(name="x", lock_version=2)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError):
        change_silently()
