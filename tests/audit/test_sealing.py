"""The sealer: what it takes, what it refuses, what its role may do, and that heads leave the database at once."""

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from apps.audit import heads, notes
from apps.audit.models import Event, Leaf, Seal
from apps.audit.sealing import CannotSeal, Sealer, sealer_is_alive
from apps.projects import services as projects
from tests.conftest import superuser
from tests.plugin import CLUSTER


@pytest.mark.promise("12")
def test_events_get_a_place_and_a_signed_head_that_leaves_the_database(project, ada, seal, sealing, settings):
    assert seal() == Event.objects.count()
    projects.change_project(project, by=ada, name="Other")
    assert seal() == 1
    assert seal() == 0
    assert [leaf.position for leaf in Leaf.objects.order_by("position")] == list(range(Event.objects.count()))
    exported = heads.read(settings.AUDIT_HEADS_FILE)
    assert exported == list(Seal.objects.order_by("size").values_list("note", flat=True))
    head = notes.open_head(exported[-1], sealing.verifier)
    assert head.size == Event.objects.count()
    assert head.sealed_at.endswith("Z")


def test_the_key_is_private_and_its_verifier_key_lies_beside_it(sealing, settings):
    assert settings.AUDIT_KEY_FILE.stat().st_mode & 0o777 == 0o600
    assert notes.load_or_make(settings.AUDIT_KEY_FILE, "another name") == sealing
    written = notes.public_file(settings.AUDIT_KEY_FILE).read_text()
    assert notes.VerifierKey.parse(written) == sealing.verifier


def test_notes_are_those_of_the_go_implementation():
    """The example of golang.org/x/mod/sumdb/note: PeterNeumann's verifier key and signature."""
    key = notes.VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert key.open(note).startswith("If you think")
    with pytest.raises(notes.BadNote):
        key.open(note.replace("problem is", "problem was"))
    with pytest.raises(notes.BadNote):
        key.open(note.replace("PeterNeumann x", "Somebody x"))


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AQ==", "a+c74f20a3+!!", "a+c74f20a3+" + "A" * 44])
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(notes.BadNote):
        notes.VerifierKey.parse(text)


@pytest.mark.promise("12")
@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_sealed_next(project, ada, seal):
    assert seal()
    insert = (
        "INSERT INTO audit_event (kind, object_type, object_id, object_label, actor_kind, actor_label, request_id, data) "
        "VALUES ('accounts.signed_in', 'accounts.user', gen_random_uuid(), 'late', 'system', 'mlgov', '', '{}')"
    )
    with psycopg.connect(**CLUSTER.parameters("mlgov_owner", connection.settings_dict["NAME"])) as slow:
        slow.execute(insert)
        projects.change_project(project, by=ada, name="Quick")
        assert seal() == 1
        assert seal() == 0
        slow.commit()
        assert seal() == 1
    assert Event.objects.get(object_label="late").pk < Event.objects.latest("id").pk
    assert Leaf.objects.latest("position").event_id == Event.objects.get(object_label="late").pk


@pytest.mark.django_db(transaction=True)
def test_there_is_one_sealer(project, sealing, settings):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(20820)")
        assert sealer_is_alive()
        assert not Sealer(sealing, settings.AUDIT_HEADS_FILE).begin()
        with pytest.raises(CommandError, match="Another sealer"):
            call_command("audit", "seal")
    finally:
        other.close()


def test_a_crash_between_seal_and_export_is_made_good(project, seal, sealing, settings):
    seal()
    settings.AUDIT_HEADS_FILE.unlink()
    assert Sealer(sealing, settings.AUDIT_HEADS_FILE).begin()
    assert len(heads.read(settings.AUDIT_HEADS_FILE)) == 1


def test_a_head_that_the_database_lost_stops_the_sealer(project, seal, sealing, settings):
    seal()
    lost = sealing.sign(notes.Checkpoint(sealing.name, 10_000, b"x" * 32).text())
    heads.append(settings.AUDIT_HEADS_FILE, [lost])
    with pytest.raises(CannotSeal, match="records were removed"):
        Sealer(sealing, settings.AUDIT_HEADS_FILE).begin()


@pytest.mark.django_db(transaction=True)
def test_leaves_that_do_not_give_the_signed_head_stop_the_sealer(project, ada, seal, sealing, settings):
    seal()
    with superuser() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE position = 0")
    with pytest.raises(CannotSeal, match="does not give the head"):
        Sealer(sealing, settings.AUDIT_HEADS_FILE).begin()


def test_a_seal_of_somebody_else_stops_the_sealer(project, ada, seal):
    seal()
    foreign = notes.SigningKey("mlgov/test", Ed25519PrivateKey.generate().private_bytes_raw())
    note = foreign.sign(notes.Checkpoint("mlgov/test", 9_999, b"x" * 32).text())
    Seal.objects.create(size=9_999, root=b"x" * 32, note=note, verifier_key=str(foreign.verifier))
    projects.change_project(project, by=ada, name="Other")
    with pytest.raises(CannotSeal):
        seal()


@pytest.mark.promise("15")
@pytest.mark.django_db(transaction=True)
def test_the_sealer_s_role_reads_events_and_adds_seals_and_nothing_else(project):
    name = connection.settings_dict["NAME"]
    with psycopg.connect(**CLUSTER.parameters("mlgov_sealer", name), autocommit=True) as sealer:
        assert sealer.execute("SELECT count(*) FROM audit_event").fetchone()[0]
        sealer.execute("INSERT INTO audit_leaf VALUES (0, 1, sha256('x'))")
        for statement in (
            "INSERT INTO audit_event (kind) VALUES ('x')",
            "UPDATE audit_leaf SET position = 1",
            "DELETE FROM audit_seal",
            "SELECT * FROM accounts_user",
            "SELECT * FROM gates_approval",
            "DELETE FROM audit_verification",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                sealer.execute(statement)
    with psycopg.connect(**CLUSTER.parameters("mlgov_app", name), autocommit=True) as app:
        for table in ("audit_leaf", "audit_node", "audit_seal"):
            app.execute(f"SELECT count(*) FROM {table}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(f"INSERT INTO {table} DEFAULT VALUES")


@pytest.mark.promise("10")
@pytest.mark.parametrize("table", ["audit_leaf", "audit_seal", "audit_node", "audit_verification"])
def test_seals_cannot_be_taken_back(project, seal, table):
    seal()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table}")


def test_a_damaged_line_of_heads_is_named(tmp_path):
    heads.append(tmp_path / "h", ["a", "b"])
    assert heads.read(tmp_path / "h") == ["a", "b"]
    with (tmp_path / "h").open("a") as file:
        file.write("{\n")
    with pytest.raises(heads.DamagedHeads, match="Line 3"):
        heads.read(tmp_path / "h")


def test_the_command_shows_the_key(sealing, capsys):
    call_command("audit", "key")
    assert capsys.readouterr().out.strip() == str(sealing.verifier)


def test_many_events_are_sealed_in_batches_without_a_gap(project, ada, seal, monkeypatch):
    monkeypatch.setattr("apps.audit.sealing.BATCH", 4)
    assert seal() == Event.objects.count()
    projects.change_project(project, by=ada, name="Other")
    assert seal() == 1
    assert list(Leaf.objects.order_by("position").values_list("event_id", flat=True)) == list(
        Event.objects.order_by("id").values_list("pk", flat=True)
    )
    assert Seal.objects.count() > 3
