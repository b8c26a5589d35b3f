"""E-mails: by each person's way, by the rights of now, tried for a day, one digest a day."""

import threading
from datetime import date, timedelta

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.errors import Forbidden, Invalid, Refused
from apps.jobs import running
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.notifications import mailing, outbox, queries, services
from apps.notifications.enums import SendState
from apps.notifications.jobs import write_digests
from apps.notifications.models import Mail, Notice, Preference
from apps.notifications.services import announce
from apps.projects import services as projects
from apps.projects.models import Membership
from mlgov import environment


def run_mails() -> None:
    for job in Job.objects.filter(kind="notifications.send_mail", state="queued"):
        running.run(job.pk, worker="test")


def tell(project, person, kind="tests.urgent", **data):
    return announce(kind, project, project=project, to=[person], by=None, **data)


def test_what_is_urgent_comes_at_once(project, dev):
    tell(project, dev, link="/projects/mortgages/")
    run_mails()
    (sent,) = outgoing.outbox
    assert sent.to == [dev.email]
    assert sent.subject == "[mlgov] Act now: Mortgages"
    assert "Mortgages needs you now\nhttp://localhost:8000/projects/mortgages/" in sent.body
    assert "/notices/preferences/" in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    assert Mail.objects.get().state == SendState.SENT


@pytest.mark.promise("notices")
def test_each_person_gets_it_by_their_own_way(project, dev, ben, rita):
    services.choose_channels(dev, channels={"tests.told": "email"})
    services.choose_channels(ben, channels={"tests.told": "off"})
    services.choose_channels(rita, channels={"tests.told": "portal"})
    told = announce("tests.told", project, project=project, to=[dev, ben, rita], by=None, what="x")
    assert {one.person: one.channel for one in told} == {dev: "email", rita: "portal"}
    run_mails()
    assert [sent.to for sent in outgoing.outbox] == [[dev.email]]


def test_what_is_urgent_cannot_be_switched_off(dev):
    with pytest.raises(Invalid, match="cannot be switched off"):
        services.choose_channels(dev, channels={"tests.urgent": "off"})
    services.choose_channels(dev, channels={"tests.urgent": "portal"})
    with pytest.raises(Invalid):
        services.choose_channels(dev, channels={"tests.told": "pigeon"})
    with pytest.raises(Invalid):
        services.choose_channels(dev, channels={"tests.nothing": "portal"})


def test_a_kind_that_became_urgent_comes_to_who_had_switched_it_off(project, dev):
    Preference.objects.create(person=dev, kind="tests.urgent", channel="off")
    (told,) = tell(project, dev)
    assert told.channel == "email"
    assert queries.channels_of(dev)["tests.urgent"] == "email"


@pytest.mark.promise("notices")
def test_who_lost_the_project_meanwhile_gets_no_mail(project, ada, dev):
    tell(project, dev)
    projects.remove_member(Membership.objects.get(project=project, user=dev), by=ada)
    run_mails()
    assert not outgoing.outbox
    assert Mail.objects.get().state == SendState.SKIPPED


def test_a_name_cannot_bring_a_header(project, ada, dev):
    projects.change_project(project, by=ada, name="Harmless\r\nBcc: all@example.org\r\n\r\nBody")
    project.refresh_from_db()
    tell(project, dev)
    run_mails()
    (sent,) = outgoing.outbox
    assert sent.subject == "[mlgov] Act now: Harmless Bcc: all@example.org Body"
    assert "Bcc" not in sent.message()
    assert sent.recipients() == [dev.email]


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb", "a\x00b", "a\u2028b", "a\x85b", "a\x0bb", " a \t b "])
def test_a_subject_is_one_line(text):
    assert mailing.one_line(text) == "a b"


@pytest.fixture
def no_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2


def later() -> None:
    Mail.objects.filter(state=SendState.WAITING).update(due_at=Now())
    assert outbox.sweep() == 1
    run_mails()


def test_a_mail_server_that_is_away_is_tried_for_a_day_and_then_given_up_where_people_see_it(
    project, dev, adam, ben, no_server, client
):
    tell(project, dev)
    run_mails()
    mail = Mail.objects.get()
    assert mail.state == SendState.WAITING
    assert "ConnectionRefusedError" in mail.error
    assert outbox.sweep() == 0
    pauses = []
    for _ in Mail.PAUSES:
        mail.refresh_from_db()
        pauses.append(mail.due_at - timezone.now())
        later()
    mail.refresh_from_db()
    assert mail.state == SendState.DEAD
    assert timedelta(hours=18) < sum(pauses, timedelta()) < timedelta(hours=32)
    client.force_login(dev)
    assert "The e-mail could not be sent" in client.get("/notices/").content.decode()
    client.force_login(adam)
    assert "ConnectionRefusedError" in client.get("/notices/mails/").content.decode()
    with pytest.raises(Forbidden):
        services.send_mail_again(mail, by=ben)
    services.send_mail_again(mail, by=adam)
    mail.refresh_from_db()
    assert (mail.state, mail.tries) == (SendState.QUEUED, 0)
    with pytest.raises(Refused):
        services.send_mail_again(mail, by=adam)


def test_what_a_dead_worker_left_behind_is_tried_again(project, dev):
    tell(project, dev)
    job = Job.objects.get(kind="notifications.send_mail")
    Job.objects.filter(pk=job.pk).update(state="quarantined", finished_at=Now(), error="died")
    outbox.sweep()
    mail = Mail.objects.get()
    assert (mail.state, mail.error) == (SendState.WAITING, outbox.JOB_LOST)
    later()
    assert len(outgoing.outbox) == 1


def test_an_old_job_of_a_mail_sends_nothing(project, dev):
    tell(project, dev)
    mail = Mail.objects.get()
    stray = jobs.enqueue("notifications.send_mail", {"row": str(mail.pk)}, by=None)
    running.run(stray.pk, worker="test")
    assert not outgoing.outbox
    run_mails()
    assert len(outgoing.outbox) == 1


DAY = date(2026, 3, 1)


def test_a_digest_holds_what_is_unread_and_comes_once_a_day(project, dev, ben):
    first, second = tell(project, dev, "tests.told", what="one"), tell(project, dev, "tests.told", what="two")
    services.mark_read(first[0], by=dev)
    assert write_digests(DAY) == 1
    run_mails()
    (sent,) = outgoing.outbox
    assert "two" in sent.body
    assert "one" not in sent.body
    assert sent.subject == "[mlgov] 1 new notice, 2026-03-01"
    tell(project, dev, "tests.told", what="three")
    assert write_digests(DAY) == 0
    assert write_digests(DAY + timedelta(days=1)) == 1
    run_mails()
    assert "three" in outgoing.outbox[1].body
    assert "two" not in outgoing.outbox[1].body
    assert write_digests(DAY + timedelta(days=2)) == 0
    assert Notice.objects.get(pk=second[0].pk).mail.day == DAY


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_one_digest(project, dev):
    tell(project, dev, "tests.told", what="x")
    written, together = [], threading.Barrier(3)

    def write() -> None:
        try:
            together.wait()
            written.append(write_digests(DAY))
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [0, 0, 1]
    assert Mail.objects.count() == 1


def test_no_digest_before_its_hour(project, dev, settings):
    tell(project, dev, "tests.told", what="x")
    settings.DIGEST_HOUR = 24
    job = jobs.enqueue("notifications.send_digests", {}, by=None)
    running.run(job.pk, worker="test")
    assert not Mail.objects.exists()
    settings.DIGEST_HOUR = 0
    job = jobs.enqueue("notifications.send_digests", {}, by=None)
    running.run(job.pk, worker="test")
    assert Mail.objects.get().day == timezone.now().date()


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://ann:p%40ss@mail.example.org", ("mail.example.org", 587, "ann", "p@ss", False, True)),
        ("smtps://mail.example.org", ("mail.example.org", 465, "", "", True, False)),
        ("smtp://127.0.0.1:25?tls=no", ("127.0.0.1", 25, "", "", False, False)),
    ],
)
def test_the_mail_server_comes_from_one_url(monkeypatch, url, wanted):
    monkeypatch.setenv("MLGOV_EMAIL_URL", url)
    found = environment.email()
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
    assert tuple(found[f"EMAIL_{name}"] for name in names) == wanted


def test_a_bad_url_of_the_mail_server_is_told(monkeypatch):
    monkeypatch.setenv("MLGOV_EMAIL_URL", "mail.example.org")
    with pytest.raises(ValueError, match="MLGOV_EMAIL_URL looks like"):
        environment.email()
