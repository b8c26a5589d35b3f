"""Triggers, constraints, functions and grants are those that were reviewed (guarantee 18)."""

import os
import re
from pathlib import Path

import pytest
from django.db import connection

GOLDEN = Path(__file__).with_name("golden_schema.txt")
#: Set it to write the golden file anew, then read the difference before it is committed.
REWRITE = "MLGOV_REWRITE_SCHEMA"
QUERIES = {
    "triggers": """
        SELECT format('%s: %s enabled=%s', c.relname, pg_get_triggerdef(t.oid), t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND n.nspname IN ('public', 'pgmq')
    """,
    "functions that triggers call": """
        SELECT DISTINCT format('%s sha256=%s', p.oid::regprocedure, encode(sha256(p.prosrc::bytea), 'hex'))
        FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE NOT t.tgisinternal AND n.nspname IN ('public', 'pgmq')
    """,
    "constraints": """
        SELECT format('%s: %s %s validated=%s', c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND k.contype IN ('c', 'f', 'p', 'u', 'x')
    """,
    "unique indexes": """
        SELECT i.indexdef FROM pg_indexes i WHERE i.schemaname = 'public' AND i.indexdef LIKE 'CREATE UNIQUE%'
    """,
    "grants": """
        SELECT format('%s: %s may %s', table_name, grantee, string_agg(privilege_type, ', ' ORDER BY privilege_type))
        FROM information_schema.table_privileges
        WHERE table_schema IN ('public', 'pgmq') AND grantee LIKE 'mlgov%' AND grantee <> 'mlgov_owner'
        GROUP BY table_name, grantee
    """,
    "grants on columns alone": """
        WITH whole AS MATERIALIZED (
            SELECT table_schema, table_name, grantee, privilege_type FROM information_schema.table_privileges
        )
        SELECT format('%s.%s: %s may %s', c.table_name, c.column_name, c.grantee, c.privilege_type)
        FROM information_schema.column_privileges c
        WHERE c.table_schema IN ('public', 'pgmq') AND c.grantee LIKE 'mlgov%' AND c.grantee <> 'mlgov_owner'
        AND (c.table_schema, c.table_name, c.grantee, c.privilege_type) NOT IN (SELECT * FROM whole)
    """,
}


def _settled(definition: str) -> str:
    """Return a definition on one line, with the values of each ARRAY in order.

    Migrations write some lists of states as sets, whose order changes from process to process and means nothing.
    """
    line = " ".join(definition.split())
    return re.sub(
        r"ARRAY\[([^\]]*)\]", lambda found: f"ARRAY[{', '.join(sorted(found[1].split(', ')))}]", line
    )


def schema() -> str:
    """Return what the catalogue says, one thing a line."""
    lines = []
    with connection.cursor() as cursor:
        for title, query in QUERIES.items():
            cursor.execute(query)
            lines += [f"== {title}", *sorted(_settled(row[0]) for row in cursor.fetchall())]
    return "\n".join(lines) + "\n"


@pytest.mark.promise("18")
def test_the_schema_is_the_one_that_was_reviewed(db):
    found = schema()
    if os.environ.get(REWRITE):
        GOLDEN.write_text(found)
    known = GOLDEN.read_text().splitlines()
    changed = [f"+ {line}" for line in found.splitlines() if line not in known]
    changed += [f"- {line}" for line in known if line not in found.splitlines()]
    assert not changed, "\n".join(
        [
            f"The schema is not the golden one. If it should be so: {REWRITE}=1 pytest {Path(__file__).name}",
            *changed[:40],
        ]
    )


#: Rows of these come and go: sessions, caches, memberships, what libraries and queues keep, files
#: on their way.
REMOVABLE = re.compile(
    r"^(account_|auth_|mfa_|socialaccount_|usersessions_|django_|core_cache|core_blob|core_spentbudget|identity_|jobs_|api_idempotentanswer|"
    r"accounts_signinattempt|experiments_run_datasets|projects_membership|notifications_|assurance_evidencepack|modelcards_|"
    r"uploads_)"
)


@pytest.mark.promise("15", "3", "10")
def test_what_only_grows_is_no_role_s_to_change(db):
    """A trigger refuses it to the owner too; the roles of the product lack the right already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, r.rolname, p.privilege FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_proc f ON f.oid = t.tgfoid CROSS JOIN pg_roles r "
            "CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) p (privilege) "
            "WHERE f.proname = 'core_refuse_change' AND t.tgname LIKE '%no_change' AND r.rolname LIKE 'mlgov%' "
            "AND r.rolname <> 'mlgov_owner' AND has_table_privilege(r.oid, c.oid, p.privilege)"
        )
        assert cursor.fetchall() == []


@pytest.mark.promise("15")
def test_what_is_governed_is_no_role_s_to_remove(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relkind = 'r' "
            "AND c.relnamespace = 'public'::regnamespace AND r.rolname IN ('mlgov_app', 'mlgov_worker') "
            "AND has_table_privilege(r.oid, c.oid, 'DELETE') ORDER BY 1"
        )
        found = [name for (name,) in cursor.fetchall()]
    assert [name for name in found if not REMOVABLE.match(name)] == []


@pytest.mark.promise("15", "10")
def test_no_role_of_the_product_changes_an_audit_record_or_the_schema(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'mlgov%' AND rolname <> 'mlgov_owner' AND "
            "(rolsuper OR has_table_privilege(oid, 'audit_event', 'UPDATE, DELETE, TRUNCATE') "
            "OR has_schema_privilege(oid, 'public', 'CREATE'))"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'mlgov%' AND rolsuper")
        assert cursor.fetchall() == []
