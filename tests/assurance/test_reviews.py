"""Who could do what on a date, what was in production then, and the pack that a script verifies offline."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker

from apps.accounts import services as accounts
from apps.assurance import records, services
from apps.assurance.access import access_on
from apps.assurance.past import production_on
from apps.audit.models import Event
from apps.core import blobs
from apps.core.canonical import digest, digest_bytes
from apps.core.errors import Forbidden, Invalid, Refused
from apps.gates.record import record_of
from apps.jobs import running
from apps.modelcards.content import assemble
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.audit.test_offline import script


def content_of(answer):
    """Read and close a download; closing the answer itself would close the connection to the database too."""
    content = b"".join(answer.streaming_content)
    for close in answer._resource_closers:
        close()
    return content


def rows(at, project=None):
    return {(row.project, row.principal.name): row for row in access_on(at, project=project)}


@pytest.mark.promise("time travel")
def test_access_is_told_for_any_moment(project, ada, ben, olga, ci, dev):
    before = Event.objects.order_by("id").last().recorded_at
    membership = Membership.objects.get(project=project, user=ben)
    projects.change_role(membership, role="viewer", by=ada)
    changed = Event.objects.order_by("id").last().recorded_at
    projects.remove_member(membership, by=ada)
    now = timezone.now()
    assert rows(before)["Mortgages", "Ben"].role == "reviewer"
    assert "sign promotions" in rows(before)["Mortgages", "Ben"].rights
    assert rows(changed)["Mortgages", "Ben"].role == "viewer"
    assert ("Mortgages", "Ben") not in rows(now)
    assert rows(now)["", "Olga"].role == "auditor"
    assert access_on(before - timedelta(days=1)) == []
    machine = rows(now)["Mortgages", "ci"]
    assert machine.principal.owner == "Dev"
    assert [token.name for token in machine.tokens] == ["pipeline"]
    assert rows(now + timedelta(days=91))["Mortgages", "ci"].tokens == []


def test_a_revoked_token_and_another_project_do_not_show(project, ada, ci):
    other = projects.create_project(slug="other", name="Other", by=ada)
    accounts.revoke_token(ci.user.tokens.get(), by=ci.user.owner)
    found = rows(timezone.now(), project=other)
    assert {name for of, name in found if of} == {"Ada"}
    assert rows(timezone.now())["Mortgages", "ci"].tokens == []


@pytest.mark.promise("time travel", "signed record")
@pytest.mark.slow
def test_time_travel_and_the_signed_record(promoted, project, ben, rita, tmp_path, capsys):
    now = timezone.now()
    (stood,) = production_on(project, now)
    assert stood.version == promoted
    assert {one.signer_name for one in stood.approvals} == {"Ben", "Rita"}
    assert stood.promotion.evidence_digest == stood.approvals[0].evidence_digest
    (before,) = production_on(project, stood.transition.created_at - timedelta(microseconds=1))
    assert before.version is None
    assert production_on(project, now - timedelta(days=1)) == []
    document = json.loads(json.dumps(record_of(stood.approvals[0])))
    path = tmp_path / "signed.json"
    path.write_text(json.dumps(document))
    assert script.main([str(path)]) == 0
    assert "gates.approved by Ben" in capsys.readouterr().out
    for change in ({"comment": "I read nothing."}, {"evidence_digest": "0" * 64}, {"approval": "x"}):
        record = document["record"] | change
        # Whoever changes the record can change its digest as well; the log still says what was signed.
        path.write_text(json.dumps(document | {"record": record, "record_digest": digest(record)}))
        assert script.main([str(path)]) == 1


def make(project, **of):
    pack = services.request_pack(project, **of)
    running.run(pack.job.pk, worker="test")
    pack.refresh_from_db()
    pack.job.refresh_from_db()
    assert pack.blob_id, pack.job.error
    with blobs.open_blob(pack.blob_id) as file:
        return pack, file.read()


@pytest.mark.promise("evidence pack")
@pytest.mark.slow
def test_a_pack_of_a_version_verifies_offline_and_no_changed_one_does(
    promoted, project, dev, sealing, tmp_path, capsys
):
    _, content = make(project, by=dev, version=promoted)
    _, again = make(project, by=dev, version=promoted)
    assert content == again, "the same rows under the same head give the same bytes"
    archive = zipfile.ZipFile(io.BytesIO(content))
    folders = {name.split("/")[0] for name in archive.namelist()}
    assert folders == {
        *("manifest.json", "audit.jsonl", "card", "evidence", "evaluations", "verdicts", "policies"),
        *("approvals", "transitions", "index.pdf"),
    }
    assert archive.read("card/card.pdf").startswith(b"%PDF")
    schema = Draft202012Validator(
        json.loads(archive.read("card/card.schema.json")), format_checker=FormatChecker()
    )
    document = archive.read("card/card.json")
    assert [one.message for one in schema.iter_errors(json.loads(document))] == []
    assert digest_bytes(document) == assemble(promoted).digest
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    assert script.main([str(path), f"--key={sealing.verifier}"]) == 0
    assert "WARNING" not in capsys.readouterr().out
    for name in archive.namelist():
        changed = tmp_path / "changed.zip"
        with zipfile.ZipFile(changed, "w") as out:
            for other in archive.namelist():
                out.writestr(other, archive.read(other) + (b" x" if other == name else b""))
        assert script.main([str(changed), f"--key={sealing.verifier}"]) in {1, 2}, name


@pytest.mark.slow
def test_a_pack_of_a_date(promoted, project, ada, sealing, tmp_path, capsys):
    _, content = make(project, by=ada, as_of=timezone.now())
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert json.loads(archive.read("production.json"))[0]["version"] == promoted.number
    assert {row["principal"]["name"] for row in json.loads(archive.read("access.json"))} >= {"Ada", "Ben"}
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    assert script.main([str(path), f"--key={sealing.verifier}"]) == 0, capsys.readouterr().out


def test_what_cannot_be_packed_is_said(project, ada, cleo):
    with pytest.raises(Invalid, match="future"):
        services.request_pack(project, by=ada, as_of=timezone.now() + timedelta(days=1))
    with pytest.raises(Invalid, match="not both"):
        services.request_pack(project, by=ada)
    with pytest.raises(Forbidden):
        services.request_pack(project, by=cleo, as_of=timezone.now())


def test_pages_of_review_for_members_and_strangers(client, project, version, ada, ben, cleo, olga):
    own = {
        name: reverse(f"assurance:{name}", args=[project.slug])
        for name in ("access_project", "past", "packs")
    }
    for person, status in ((ben, 200), (olga, 200), (cleo, 404)):
        client.force_login(person)
        for path in own.values():
            assert client.get(path).status_code == status
            assert client.get(path + "?on=2026-01-01").status_code == status
            assert client.get(path + "?on=nonsense&at=x").status_code == status
    client.force_login(ben)
    assert client.get(reverse("assurance:access_site")).status_code == 404
    client.force_login(olga)
    assert "Mortgages" in client.get(reverse("assurance:access_site")).content.decode()


def test_a_pack_is_asked_for_on_the_page_and_downloaded_when_it_is_made(client, project, version, ben, cleo):
    client.force_login(ben)
    asked = client.post(reverse("assurance:packs", args=[project.slug]), {"on": "2026-01-01"})
    assert asked.status_code == 302
    assert client.post(reverse("assurance:packs", args=[project.slug]), {"on": "x"}).status_code == 422
    pack = project.evidence_packs.get()
    assert client.get(reverse("assurance:pack_download", args=[pack.pk])).status_code == 404
    running.run(pack.job_id, worker="test")
    answer = client.get(reverse("assurance:pack_download", args=[pack.pk]))
    assert answer["Content-Type"] == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(content_of(answer)))
    assert client.post(reverse("assurance:pack_version", args=[version.pk])).status_code == 302
    assert client.get(reverse("assurance:packs", args=[project.slug])).status_code == 200
    client.force_login(cleo)
    assert client.get(reverse("assurance:pack_download", args=[pack.pk])).status_code == 404
    assert client.post(reverse("assurance:pack_version", args=[version.pk])).status_code == 404


def test_a_signature_that_is_not_sealed_has_no_record_yet(project, ada):
    with pytest.raises(Refused, match="not sealed"):
        records.proof_of(Event.objects.latest("id"))
