"""Each attack of a superuser, with all triggers switched off, and what the verification says of it."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from apps.audit import heads, notes
from apps.audit.models import Event, Leaf, Seal
from apps.audit.verifying import verify
from apps.projects import services as projects
from tests.conftest import empty_database, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _numbered_from_one(transactional_db):
    """The attacks name events by number; tests that were rolled back before in this process have used numbers up."""
    empty_database()


@pytest.fixture
def log(_numbered_from_one, project, ada, seal):
    """A log with three heads."""
    seal()
    for name in ("First", "Second"):
        projects.change_project(project, by=ada, name=name)
        seal()
    return project


@pytest.fixture
def check(sealing, settings):
    def act(**options):
        options = {"key": sealing.verifier, "heads_file": settings.AUDIT_HEADS_FILE} | options
        return verify(**options)

    return act


def tamper(*statements):
    connection.close()
    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        for statement in statements:
            admin.execute(statement)


REHASH = "UPDATE audit_event SET leaf_hash = audit_leaf_hash(audit_event) WHERE id = 2"
RESEAL = "UPDATE audit_leaf SET leaf_hash = decode((SELECT leaf_hash FROM audit_event WHERE id = 2), 'hex') WHERE event_id = 2"


def test_a_log_that_nobody_touched_verifies(log, check):
    told = []
    report = check(progress=lambda fraction, step: told.append((fraction, step)))
    assert report.ok, report.findings
    assert report.events == report.sealed == Event.objects.count()
    assert report.heads == 3
    assert told
    assert check(workers=2).ok


@pytest.mark.promise("13")
@pytest.mark.parametrize(
    ("statements", "kind", "record"),
    [
        (["UPDATE audit_event SET data = '{}' WHERE id = 2"], "edited", 2),
        (["UPDATE audit_event SET recorded_at = recorded_at - interval '1 day' WHERE id = 2"], "edited", 2),
        (["UPDATE audit_event SET actor_label = 'Eve' WHERE id = 2", REHASH], "edited", 2),
        (["UPDATE audit_event SET actor_label = 'Eve' WHERE id = 2", REHASH, RESEAL], "rewritten", None),
        (["DELETE FROM audit_event WHERE id = 2"], "deleted", 2),
        (["DELETE FROM audit_event WHERE id = 2", "DELETE FROM audit_leaf WHERE event_id = 2"], "gap", None),
        (
            [
                "UPDATE audit_seal SET root = root, note = replace(note, 'mlgov/test' || chr(10), 'mlgov/best' || chr(10))"
            ],
            "forged",
            None,
        ),
    ],
)
def test_an_attack_is_found_and_named(log, check, statements, kind, record):
    tamper(*statements)
    report = check()
    assert not report.ok
    found = next(one for one in report.findings if one.kind == kind)
    assert found.record == record
    assert found.remedy
    assert report.to_json()["first_bad"]


@pytest.mark.promise("13")
def test_a_tail_cut_off_with_its_seal_is_found_by_the_exported_heads(log, check, tmp_path):
    last = Event.objects.latest("id").pk
    tamper(
        f"DELETE FROM audit_event WHERE id = {last}",
        f"DELETE FROM audit_leaf WHERE event_id = {last}",
        "DELETE FROM audit_seal WHERE size = (SELECT max(size) FROM audit_seal)",
    )
    report = check()
    assert {one.kind for one in report.findings} == {"cut"}
    assert report.to_json()["first_bad"]["position"] == Leaf.objects.count()
    alone = check(heads_file=tmp_path / "none")
    assert alone.ok, "without an exported head a cut tail cannot be seen, and the report says so"
    assert "no exported heads" in alone.notes[0]


def test_a_head_signed_by_another_key_is_found(log, check):
    key = notes.SigningKey("mlgov/test", Ed25519PrivateKey.generate().private_bytes_raw())
    seal = Seal.objects.latest("size")
    forged = key.sign(notes.Checkpoint(key.name, seal.size, bytes(seal.root)).text())
    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE audit_seal SET note = %s WHERE size = %s", [forged, seal.size])
    connection.close()
    assert {"forged", "cut"} <= {one.kind for one in check().findings}


def test_a_seal_that_was_never_exported_is_found_after_a_minute(log, check, settings):
    lines = settings.AUDIT_HEADS_FILE.read_text().splitlines(keepends=True)
    settings.AUDIT_HEADS_FILE.write_text("".join(lines[:-1]))
    assert check().ok
    tamper("UPDATE audit_seal SET sealed_at = sealed_at - interval '2 minutes'")
    assert [one.kind for one in check().findings] == ["heads"]


@pytest.mark.promise("13")
def test_a_removed_event_of_an_unsealed_object_is_a_gap(log, check, ada):
    projects.change_project(log, by=ada, name="Third")
    projects.change_project(log, by=ada, name="Fourth")
    last = Event.objects.latest("id").pk
    tamper(f"DELETE FROM audit_event WHERE id = {last - 1}")
    assert [one.kind for one in check().findings] == ["gap"]


def test_an_event_that_nobody_seals_is_found_after_a_minute(log, check, ada, seal):
    projects.change_project(log, by=ada, name="Third")
    assert check().ok
    last = Event.objects.latest("id").pk
    tamper(
        f"UPDATE audit_event SET recorded_at = recorded_at - interval '61 seconds' WHERE id = {last}",
        f"UPDATE audit_event SET leaf_hash = audit_leaf_hash(audit_event) WHERE id = {last}",
    )
    report = check()
    assert [one.kind for one in report.findings] == ["unsealed"]
    assert "Start the sealer" in report.findings[0].remedy


def test_a_wrong_kept_node_is_found(project, ada, check, seal):
    for number in range(260):
        projects.change_project(project, by=ada, name=f"n{number}")
    seal()
    assert check().ok
    tamper("UPDATE audit_node SET hash = sha256('x')")
    assert [one.kind for one in check().findings] == ["node"]


def test_without_a_key_no_signature_counts(log, check):
    assert [one.kind for one in check(key=None).findings] == ["key"]


def test_a_damaged_file_of_heads_is_a_finding(log, check, settings):
    with settings.AUDIT_HEADS_FILE.open("a") as file:
        file.write("not JSON\n")
    assert "heads" in {one.kind for one in check().findings}


def test_the_command_answers_in_words_and_in_json_and_by_its_exit_status(log, sealing, capsys):
    call_command("audit", "verify")
    assert "The log verifies." in capsys.readouterr().out
    call_command("audit", "verify", "--json", f"--key={sealing.verifier}")
    assert json.loads(capsys.readouterr().out)["ok"] is True
    tamper("UPDATE audit_event SET data = '{}' WHERE id = 2")
    with pytest.raises(CommandError, match="does not verify"):
        call_command("audit", "verify")
    assert "Record 2 (position 1) is not what was sealed" in capsys.readouterr().out


def test_the_exported_heads_are_all_compared(log, check, settings, sealing):
    fork = sealing.sign(notes.Checkpoint(sealing.name, 3, b"y" * 32).text())
    heads.append(settings.AUDIT_HEADS_FILE, [fork])
    assert {"cut", "rewritten"} == {one.kind for one in check().findings}
