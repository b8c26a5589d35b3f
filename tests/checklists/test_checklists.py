"""Answers that count, go stale and are carried over; who answers, by when, with what evidence."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Event
from apps.checklists import migrating, queries, services
from apps.checklists.models import AnswerEvidence
from apps.core.errors import Conflict, Forbidden, Invalid, Refused
from apps.evidence.services import collect
from apps.notifications.models import Notice
from apps.policies.loading import standard_text, vocabulary
from apps.policies.pack import parse_pack
from apps.portal.queries import inbox_count
from apps.registry.services import report_check
from tests.checklists.small import house, move_on

REASON = "The tests were run by hand."


@pytest.fixture
def cast(ada, dev, ben, rita, vera, cleo):
    return {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera, "cleo": cleo}


@pytest.fixture
def version(cast):
    return house(cast)


@pytest.fixture
def opened(version, dev):
    return services.open_checklist(version, key="house", by=dev)


def sheet(version, key="house"):
    return queries.sheet_of(version, key, queries.judged_on(version))


def line(version, item):
    return next(one for one in sheet(version).lines if one.item.key == item)


def facts(version):
    return collect(version).document["checklists"]["house"]


@pytest.mark.parametrize(
    ("key", "method", "items", "automatic"),
    [
        pytest.param("rigor", "M4.2", 10, 6, marks=pytest.mark.method("M4.2")),
        pytest.param("offline_online", "M4.3", 4, 1, marks=pytest.mark.method("M4.3")),
        pytest.param("rag", "M6.4", 9, 1, marks=pytest.mark.method("M6.4")),
        pytest.param("bias", "M9.1", 8, 6, marks=pytest.mark.method("M9.1")),
    ],
)
def test_the_standard_pack_asks_what_the_method_asks(key, method, items, automatic):
    form = parse_pack(standard_text(), vocabulary()).checklist(key)
    assert len(form.items) == items
    assert {one.method for one in form.items} == {method}
    assert sum(1 for one in form.items if one.expression) == automatic


@pytest.mark.method("M4.2")
@pytest.mark.method("M4.3")
@pytest.mark.method("M6.4")
@pytest.mark.method("M9.1")
@pytest.mark.method("M8.2")
def test_the_pages_of_the_method_s_checklists(client, run, version_of_standard, dev):
    pk = version_of_standard.pk
    client.force_login(dev)
    for key, title in (
        ("rigor", "Rigor"),
        ("offline_online", "Offline"),
        ("rag", "does not ask"),
        ("bias", "Bias"),
    ):
        answer = client.get(reverse("checklists:checklist", args=[pk, key]))
        assert title in answer.content.decode(), key
    # Retrieval is asked where text is generated, and nowhere else.
    assert "rag" not in collect(version_of_standard).document["checklists"]
    report_check(version_of_standard, name="lint", status="passed", by=dev)
    content = client.get(reverse("portal:version", args=[pk])).content.decode()
    assert 'id="checks"' in content
    assert "lint" in content


@pytest.fixture
def version_of_standard(model, run, dev):
    from apps.registry.services import register_version

    return register_version(model, by=dev, run=run)


def test_an_organisation_s_own_checklist_is_one_like_any_other(client, version, dev):
    client.force_login(dev)
    page = reverse("checklists:checklist", args=[version.pk, "house"])
    assert client.post(page, {"item": "named", "value": "yes"}).status_code == 302
    content = client.get(page).content.decode()
    assert "2 of 3 answered" in content
    assert "1 needs evidence" in content
    assert facts(version) == {
        "complete": False,
        "current": True,
        "in_doubt": 0,
        "answered": 2,
        "total": 3,
        "failed": 0,
        "overruled": 0,
    }
    assert "spoken" not in collect(version).document["checklists"]


def test_an_answer_against_the_evidence_goes_stale_with_its_facts(client, version, opened, dev):
    with pytest.raises(Invalid, match="reason"):
        services.answer(opened, item="tested", value="no", by=dev)
    given = services.answer(opened, item="tested", value="no", reason=REASON, by=dev)
    assert given.facts == [["checks.test.status", "passed"]]
    assert (line(version, "tested").value, facts(version)["failed"]) == ("no", 1)
    report_check(version, name="test", status="failed", by=dev)
    assert line(version, "tested").standing == "stale"
    assert line(version, "tested").value is None
    assert (facts(version)["in_doubt"], facts(version)["failed"]) == (1, 0)
    client.force_login(dev)
    page = reverse("checklists:checklist", args=[version.pk, "house"])
    assert "Stale: the evidence changed since" in client.get(page).content.decode()
    services.answer(opened, item="tested", value="no", reason=REASON, by=dev)
    assert line(version, "tested").value == "no"


def test_evidence_is_a_link_a_text_or_a_file_kept_by_its_content(client, version, dev, cleo):
    client.force_login(dev)
    page = reverse("checklists:checklist", args=[version.pk, "house"])
    body = {
        "item": "named",
        "value": "yes",
        "text": "Read it aloud.",
        "evidence_url": "https://example.org/x",
    }
    file = SimpleUploadedFile("../../notes.txt", b"<script>notes</script>")
    assert client.post(page, body | {"file": file}).status_code == 302
    kept = AnswerEvidence.objects.get(kind="file")
    assert (kept.file_name, kept.blob_id) == (
        "notes.txt",
        hashlib.sha256(b"<script>notes</script>").hexdigest(),
    )
    download = reverse("checklists:evidence", args=[kept.pk])
    answer = client.get(download)
    assert b"".join(answer.streaming_content) == b"<script>notes</script>"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert not line(version, "named").needs_evidence
    event = Event.objects.get(kind="checklists.item_answered")
    assert {one["kind"] for one in event.data["evidence"]} == {"text", "file"}
    client.force_login(cleo)
    assert client.get(download).status_code == 404


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (services.Shown(file=io.BytesIO(b""), file_name="x"), "empty_file"),
        (services.Shown(file=io.BytesIO(b"xx"), file_name="x"), "too_large"),
        (services.Shown(evaluation="0198a1d2-0000-7000-8000-000000000000"), "unknown_evaluation"),
    ],
)
def test_evidence_that_shows_nothing_is_refused(monkeypatch, version, opened, dev, shown, code):
    monkeypatch.setattr(services, "MAX_EVIDENCE_BYTES", 1)
    with pytest.raises(Invalid) as caught:
        services.answer(opened, item="named", value="yes", shown=shown, by=dev)
    assert caught.value.code == code
    assert line(version, "named").answer is None


def test_a_checklist_is_read_under_the_policy_it_was_filled_by(client, version, opened, cast, dev):
    for item, value in (("named", "yes"), ("owned", "no")):
        services.answer(opened, item=item, value=value, by=dev)
    services.answer(opened, item="tested", value="yes", reason=REASON, by=dev)
    moved = move_on(version, cast)
    found = sheet(moved)
    assert [one.item.key for one in found.lines] == ["tested", "named", "owned"]
    assert (found.current, found.complete, facts(moved)["complete"]) == (False, False, False)
    opened = moved.checklists.select_related("version__model__project__policy_revision__pack").get()
    with pytest.raises(Refused, match=r"no longer part of the policy.*Take the checklist over"):
        services.answer(opened, item="owned", value="yes", by=dev)
    with pytest.raises(Refused, match="new in the policy"):
        services.answer(opened, item="dated", value="yes", by=dev)
    client.force_login(dev)
    page = reverse("checklists:migration", args=[version.pk, "house"])
    before = client.get(page)
    steps = {one.key: (one.fate, one.carried) for one in before.context["steps"].steps}
    assert steps == {
        "tested": ("same", True),
        "named": ("changed", False),
        "dated": ("new", False),
        "owned": ("gone", False),
    }
    old = {"to": str(version.model.project.policy_revision_id), "lock_version": opened.lock_version}
    assert client.post(page, old).status_code == 422
    assert client.post(page, before.context["form"].initial).status_code == 302
    found = sheet(moved)
    assert [(one.item.key, one.value, one.standing) for one in found.lines] == [
        ("tested", "yes", "counts"),
        ("named", None, "to_confirm"),
        ("dated", None, None),
    ]
    assert found.current
    event = Event.objects.get(kind="checklists.checklist_migrated")
    assert (event.data["carried"], event.data["to_confirm"], event.data["gone"]) == (1, 1, 1)
    assert opened.answers.count() == 3
    with pytest.raises(Refused, match="nothing is to be taken over"):
        services.migrate(moved, key="house", by=dev)


def test_a_policy_that_asks_the_same_needs_no_migration(version, opened, cast):
    moved = move_on(version, cast, text=None or _other_words())
    assert sheet(moved).current
    assert not migrating.can_migrate(sheet(moved))


def _other_words():
    from tests.checklists.small import POLICY

    return POLICY.replace("why: Names help.", "why: Names help people.")


def test_an_item_is_given_to_who_may_answer_it(client, version, opened, cast, ada, dev, ben, cleo, vera):
    day = timezone.now().date() + timedelta(days=3)
    for person in (cleo, vera):
        with pytest.raises(Invalid, match="member of the project who may answer"):
            services.assign(opened, item="named", assignee=person.pk, by=dev)
    with pytest.raises(Invalid, match="is over"):
        services.assign(opened, item="named", assignee=ben.pk, due_on=day - timedelta(days=9), by=dev)
    with pytest.raises(Forbidden):
        services.assign(opened, item="named", assignee=ben.pk, by=vera)
    waiting = inbox_count(ben)
    services.assign(opened, item="named", assignee=ben.pk, due_on=day, by=dev)
    assert Notice.objects.get(kind="checklists.assigned").person == ben
    assert inbox_count(ben) == waiting + 1
    client.force_login(ben)
    assert "Has it a name?" in client.get(reverse("portal:home")).content.decode()
    services.answer(opened, item="named", value="yes", by=ben)
    assert not queries.assigned_to(ben).exists()
    services.assign(opened, item="owned", assignee=ben.pk, by=dev)
    services.assign(opened, item="owned", assignee=None, by=dev)
    assert not queries.assigned_to(ben).exists()


def test_comments_only_grow_and_who_may_not_answer_reads(client, version, opened, dev, vera):
    client.force_login(dev)
    address = reverse("checklists:comment", args=[version.pk, "house"])
    assert client.post(address, {"item": "named", "text": "<b>Which</b> name?"}).status_code == 302
    assert client.post(address, {"item": "named", "text": " "}).status_code == 422
    assert client.post(address, {"item": "nothing", "text": "Hm."}).status_code == 422
    client.force_login(vera)
    content = client.get(reverse("checklists:checklist", args=[version.pk, "house"])).content.decode()
    assert "&lt;b&gt;Which" in content
    assert "Save the answer" not in content
    assert client.post(address, {"item": "named", "text": "Me too."}).status_code == 403


def test_two_who_answer_at_once_see_it(opened, dev, ben):
    services.answer(opened, item="named", value="yes", by=dev, expect=1)
    with pytest.raises(Conflict):
        services.answer(opened, item="named", value="no", by=ben, expect=1)


def test_a_checklist_costs_the_same_however_much_was_said(client, version, opened, dev):
    client.force_login(dev)
    page = reverse("checklists:checklist", args=[version.pk, "house"])
    listed = f"/api/v1/versions/{version.pk}/checklists"

    def said(times):
        for _ in range(times):
            shown = services.Shown(text="Seen.")
            services.answer(opened, item="named", value="yes", shown=shown, by=dev)
            services.comment(opened, item="named", text="Good.", by=dev)
            services.assign(opened, item="owned", assignee=dev.pk, by=dev)
        costs = []
        for address in (page, listed):
            client.get(address)  # The frame counts what waits once.
            with CaptureQueriesContext(connection) as caught:
                client.get(address)
            costs.append(len(caught))
        return costs

    assert said(1) == said(2)


@pytest.mark.method("M4.2")
@pytest.mark.method("M4.3")
@pytest.mark.method("M6.4")
@pytest.mark.method("M9.1")
def test_pipelines_do_the_same(version, cast, dev, ada):
    from apps.accounts import services as accounts
    from apps.accounts.enums import Scope
    from apps.projects import services as projects
    from tests.api.conftest import client_with

    account = accounts.create_service_account("robot", owner=dev, by=dev)
    projects.add_member(version.model.project, user=account, role="contributor", by=ada)
    _, secret = accounts.issue_token(account, name="t", scopes=Scope.values, by=dev)
    api, base = client_with(secret), f"/api/v1/versions/{version.pk}/checklists"
    assert [one["key"] for one in api.get(base).json()] == ["house"]
    body = {"item": "named", "value": "yes", "text": "Read aloud.", "file": io.BytesIO(b"notes")}
    answer = api.post(f"{base}/house", body, format="multipart")
    assert answer.status_code == 201, answer.json()
    named = next(one for one in answer.json()["items"] if one["key"] == "named")
    assert {one["kind"] for one in named["evidence"]} == {"text", "file"}
    file = next(one["id"] for one in named["evidence"] if one["kind"] == "file")
    got = api.get(f"/api/v1/checklist-evidence/{file}/file")
    assert b"".join(got.streaming_content) == b"notes"
    assert got["Content-Digest"] == "sha-256=:q1qpcHTEVKBjIFfnBCINmmZ4+/dzoKWAb8CbgXOwcwk=:"
    gave = api.post(f"{base}/house/assignments", {"item": "owned", "assignee": str(dev.pk)}, format="json")
    assert gave.status_code == 201, gave.json()
    move_on(version, cast)
    preview = api.get(f"{base}/house/migration")
    assert preview.json()["to_confirm"] == 1
    gone = api.post(f"{base}/house", {"item": "owned", "value": "yes"}, format="json")
    assert (gone.status_code, gone.json()["code"]) == (409, "item_gone")
    stale = api.post(f"{base}/house/migration", HTTP_IF_MATCH='"1"')
    assert stale.status_code == 412
    done = api.post(f"{base}/house/migration", HTTP_IF_MATCH=preview["ETag"])
    assert done.status_code == 200, done.json()
    assert api.get(f"{base}/house").json()["current"]
