"""Drafts: written by one administrator, published by another, and never past the database."""

import subprocess

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.proofs import Proof
from apps.accounts.services import create_service_account, reauthenticate
from apps.audit.models import Event
from apps.core.errors import Conflict, Forbidden, Invalid, MlgovError, Refused
from apps.policies import services
from apps.policies.loading import standard_text
from apps.policies.models import Draft, Revision
from apps.policies.queries import faulty_lines
from tests.cast import PASSWORD, person, publish_together

STANDARD = standard_text()
STRICTER = STANDARD.replace("expression: data.score >= 18\n", "expression: data.score >= 24\n")
WHY = "The data of last year was too thin."
PROOF = Proof(password=PASSWORD)


@pytest.fixture
def eva(db):
    return person("eva", "administrator")


@pytest.fixture
def base(db):
    return services.load_standard()


@pytest.fixture
def draft(base, adam):
    return services.start_draft(source=STRICTER, by=adam, base=base, title="Stricter on data")


@pytest.fixture
def proposed(draft, adam):
    return services.propose_draft(draft, by=adam, reason=WHY)


@pytest.mark.promise("policy editor", "5")
def test_another_administrator_publishes_what_one_proposed(proposed, adam, eva, base):
    made = services.publish_draft(proposed, by=eva, proof=PROOF)
    assert (made.number, made.published_by, made.proposed_by) == (base.number + 1, eva, adam)
    proposed.refresh_from_db()
    assert proposed.state == "published"
    kinds = set(Event.objects.filter(object_id=proposed.pk).values_list("kind", flat=True))
    assert kinds == {f"policies.draft_{one}" for one in ("started", "proposed", "published")}


def test_nobody_publishes_their_own_draft_nor_without_their_password(proposed, adam, eva, ada, ci):
    with pytest.raises(Forbidden, match="another administrator"):
        services.publish_draft(proposed, by=adam, proof=PROOF)
    assert Event.objects.filter(kind="policies.act_refused", data__draft=str(proposed.pk)).exists()
    for who in (ada, ci.user):
        with pytest.raises(Forbidden):
            services.publish_draft(proposed, by=who, proof=PROOF)
    with pytest.raises(MlgovError):
        services.publish_draft(proposed, by=eva, proof=Proof(password="wrong"))
    assert Revision.objects.count() == 1


@pytest.mark.parametrize("publisher", ["adam", "bot", "eva"])
def test_the_database_wants_two_people_and_a_proposed_draft(proposed, draft, adam, eva, base, publisher):
    who = {"adam": adam, "eva": eva}.get(publisher) or create_service_account("bot", owner=eva, by=eva)
    confirmed = reauthenticate(eva if publisher != "adam" else adam, proof=PROOF)
    fields = {
        "pack": base.pack,
        "number": 2,
        "content_hash": "0" * 64,
        "document": {},
        "source": proposed.source if publisher != "eva" else "another text",
        "draft": proposed,
        "proposed_by": adam,
        "published_by": who,
        "reauthentication": confirmed,
    }
    with pytest.raises(IntegrityError, match=r"publish|proposed|confirmation"), transaction.atomic():
        Revision.objects.create(**fields)


@pytest.mark.django_db(transaction=True)
def test_web_processes_publish_nothing_in_the_server_s_name(as_app):
    base = services.load_standard()
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="loaded on the server"):
        as_app.execute(
            "INSERT INTO policies_revision (id, pack_id, number, content_hash, source, document, note) "
            "VALUES (gen_random_uuid(), %s, 9, %s, 'x', '{}', '')",
            [base.pack_id, "0" * 64],
        )


def test_a_proposed_text_is_fixed_until_it_is_sent_back(proposed, adam, eva):
    with pytest.raises(Refused, match="fixed"):
        services.change_draft(proposed, by=adam, source=STANDARD)
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.filter(pk=proposed.pk).update(source=STANDARD, lock_version=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.filter(pk=proposed.pk).update(source=STANDARD, lock_version=proposed.lock_version + 1)
    with pytest.raises(Forbidden, match="another administrator"):
        services.send_back(proposed, by=adam, remark="I found a slip of my own.")
    back = services.send_back(proposed, by=eva, remark="Say which data sources it is about.")
    assert back.state == "draft"
    assert services.change_draft(back, by=adam, source=STANDARD).source == STANDARD


def test_a_draft_is_its_author_s_alone_and_two_windows_do_not_overwrite(draft, adam, eva):
    with pytest.raises(Forbidden, match="writes this draft"):
        services.change_draft(draft, by=eva, source=STANDARD)
    with pytest.raises(Forbidden, match="theirs to withdraw"):
        services.withdraw_draft(draft, by=eva)
    services.change_draft(draft, by=adam, source=STANDARD, expect=1)
    with pytest.raises(Conflict):
        services.change_draft(draft, by=adam, source=STRICTER, expect=1)
    assert services.withdraw_draft(draft, by=adam).state == "withdrawn"
    with pytest.raises(Refused):
        services.propose_draft(draft, by=adam, reason=WHY)


def test_a_text_with_faults_is_kept_and_not_proposed(base, adam):
    draft = services.start_draft(
        source=STANDARD.replace("severity: warn", "severity: wran"), by=adam, base=base
    )
    with pytest.raises(Invalid, match="wran"):
        services.propose_draft(draft, by=adam, reason=WHY)
    other = services.start_draft(source=STANDARD.replace("slug: standard", "slug: other"), by=adam, base=base)
    with pytest.raises(Invalid, match="slug: other"):
        services.propose_draft(other, by=adam, reason=WHY)


def test_one_goes_back_by_a_new_revision_with_the_older_content(base, adam, eva):
    stricter = publish_together(STRICTER, author=adam, publisher=eva, base=base)
    back = publish_together(base.source, author=adam, publisher=eva, base=base)
    assert (stricter.number, back.number) == (base.number + 1, base.number + 2)
    assert back.content_hash == base.content_hash
    assert services.load_standard().content_hash == base.content_hash
    assert Revision.objects.count() == 3
    with pytest.raises(Refused, match="nothing to publish"):
        publish_together(base.source, author=adam, publisher=eva, base=base)


def git(folder, *arguments):
    who = ("-c", "user.name=Adam", "-c", "user.email=adam@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path, settings):
    folder = tmp_path / "policies"
    folder.mkdir()
    git(folder, "init")
    settings.POLICY_GIT = str(folder)
    return folder


def commit(folder, text, name="standard.yaml"):
    (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "change")


def test_a_commit_makes_a_draft_of_each_changed_pack(checkout, base, adam, eva, capsys):
    commit(checkout, STRICTER)
    commit(checkout, "slug: [", "broken.yaml")
    (checkout / "standard.yaml").write_text("not committed")
    hook = checkout / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {checkout}/ran\n")
    hook.chmod(0o755)
    call_command("policy_sync")
    call_command("policy_sync")
    draft = Draft.objects.get()
    assert (draft.origin, draft.source, draft.author) == ("git", STRICTER, None)
    assert len(draft.commit) == 40
    assert draft.committed_by == "Adam <adam@example.com>"
    assert "broken.yaml: line 1" in capsys.readouterr().err
    assert not (checkout / "ran").exists()
    services.propose_draft(draft, by=eva, reason=WHY)
    with pytest.raises(Forbidden, match="committed this in Git"):
        services.publish_draft(draft, by=adam, proof=PROOF)


def test_a_checkout_that_cannot_be_read_is_a_sentence(settings, tmp_path, db, client, adam):
    for folder in ("", str(tmp_path)):
        settings.POLICY_GIT = folder
        with pytest.raises(CommandError, match="MLGOV_POLICY_GIT"):
            call_command("policy_sync")
        client.force_login(adam)
        answer = client.post(reverse("policies:sync"), follow=True)
        assert "MLGOV_POLICY_GIT" in answer.content.decode()


def test_faults_have_their_line_and_its_text():
    (found,) = faulty_lines(STANDARD.replace("severity: warn", "severity: wran", 1))
    assert "wran" in found.text
    assert STANDARD.splitlines()[found.number - 1].strip() == found.text.replace("wran", "warn")


def test_the_pages_of_a_draft_work_without_a_script(client, base, adam, eva):
    client.force_login(adam)
    start = reverse("policies:start") + "?from=standard"
    assert "slug: standard" in client.get(start).content.decode()
    assert client.post(start, {"title": "", "source": STRICTER}).status_code == 422
    assert client.post(start, {"title": "t", "source": STRICTER}).status_code == 302
    draft = Draft.objects.get()
    edit = reverse("policies:edit", args=[draft.pk])
    wrong = {
        "title": "Stricter",
        "source": STRICTER.replace("severity: warn", "severity: wran"),
        "lock_version": 1,
    }
    assert client.post(edit, wrong).status_code == 302
    page = client.get(reverse("policies:draft", args=[draft.pk])).content.decode()
    assert "wran" in page
    assert "has faults" in page
    act = reverse("policies:act", args=[draft.pk])
    assert client.post(act, {"act": "propose", "reason": WHY}).status_code == 422
    stale = client.post(edit, wrong | {"source": STRICTER})
    assert stale.status_code == 422
    assert "changed by someone else" in stale.content.decode()
    assert client.post(edit, wrong | {"source": STRICTER, "lock_version": 2}).status_code == 302
    assert client.post(act, {"act": "propose", "reason": "no"}).status_code == 422
    assert client.post(act, {"act": "propose", "reason": WHY}).status_code == 302
    publish = reverse("policies:publish", args=[draft.pk])
    assert "another administrator" in client.post(publish, {"password": PASSWORD}).content.decode()
    client.force_login(eva)
    page = client.get(reverse("policies:draft", args=[draft.pk])).content.decode()
    assert "data.score &gt;= 24" in page
    assert "stricter" in page
    assert client.post(publish, {"password": "wrong"}).status_code == 422
    assert client.post(publish, {"password": PASSWORD}).status_code == 302
    assert Revision.objects.filter(pack=base.pack).count() == 2
    assert client.post(publish, {"password": PASSWORD}).status_code == 422


def test_a_file_is_uploaded_in_place_of_text(client, base, adam):
    client.force_login(adam)
    path = reverse("policies:start")
    bad = SimpleUploadedFile("p.yaml", b"\xff\xfe")
    assert client.post(path, {"title": "t", "file": bad}).status_code == 422
    good = SimpleUploadedFile("p.yaml", STRICTER.encode())
    assert client.post(path, {"title": "t", "file": good}).status_code == 302
    assert (Draft.objects.get().origin, Draft.objects.get().source) == ("upload", STRICTER)


def test_the_editor_is_answered_while_typing(client, base, adam):
    client.force_login(adam)
    answer = client.post(reverse("policies:check"), {"source": "slug: ["}, headers={"HX-Request": "true"})
    assert "Line 1" in answer.content.decode()
    assert "No faults" in client.post(reverse("policies:check"), {"source": STANDARD}).content.decode()
    assert not Draft.objects.exists()


def test_a_stranger_finds_no_drafts_and_an_auditor_reads_them(client, proposed, ada, olga):
    client.force_login(ada)
    for name in ("draft", "edit"):
        assert client.get(reverse(f"policies:{name}", args=[proposed.pk])).status_code == 404
    for name in ("act", "withdraw", "publish"):
        assert client.post(reverse(f"policies:{name}", args=[proposed.pk])).status_code == 404
    for name in ("start", "check", "sync"):
        assert client.post(reverse(f"policies:{name}")).status_code == 404
    assert "Stricter on data" not in client.get(reverse("policies:policies")).content.decode()
    client.force_login(olga)
    assert client.get(reverse("policies:draft", args=[proposed.pk])).status_code == 200
    publishing = client.post(reverse("policies:publish", args=[proposed.pk]), {"password": PASSWORD})
    assert publishing.status_code == 403
    assert "Policies are written by administrators" in publishing.content.decode()
    assert client.post(reverse("policies:withdraw", args=[proposed.pk])).status_code == 403
    assert client.post(reverse("policies:start"), {"title": "t", "source": "x"}).status_code == 403


def test_the_list_costs_the_same_with_more_drafts(client, draft, adam, base):
    client.force_login(adam)
    path = reverse("policies:policies")
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for number in range(3):
        services.start_draft(source=STRICTER, by=adam, base=base, title=f"d{number}")
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as more:
        client.get(path)
    assert len(more) == len(one)
