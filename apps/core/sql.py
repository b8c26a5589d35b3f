"""SQL that several apps' migrations share: stepping versions, tables that only grow."""

from django.db import migrations

STEP_FUNCTION = """
CREATE FUNCTION core_step_lock_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lock_version <> OLD.lock_version + 1 THEN
        RAISE EXCEPTION '% %: lock_version must step from % to %, not to %',
            TG_TABLE_NAME, OLD.id, OLD.lock_version, OLD.lock_version + 1, NEW.lock_version
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
REFUSE_FUNCTION = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def steps(table: str) -> migrations.RunSQL:
    """Return the operation that holds ``lock_version`` of ``table`` to steps of one."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_step BEFORE UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION core_step_lock_version();",
        f"DROP TRIGGER {table}_step ON {table};",
    )


def append_only(table: str) -> migrations.RunSQL:
    """Return the operation that makes ``table`` refuse UPDATE, DELETE and TRUNCATE, for its owner too."""
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
        """,
        f"DROP TRIGGER {table}_no_change ON {table}; DROP TRIGGER {table}_no_truncate ON {table};",
    )


def revoke(table: str, privileges: str) -> migrations.RunSQL:
    """Return the operation that takes ``privileges`` on ``table`` from every role but the owner, where it exists."""
    return migrations.RunSQL(
        f"""
        DO $$ DECLARE role text; BEGIN
            FOREACH role IN ARRAY ARRAY['mlgov_app', 'mlgov_worker', 'mlgov_sealer'] LOOP
                IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
                    EXECUTE format('REVOKE {privileges} ON {table} FROM %I', role);
                END IF;
            END LOOP;
        END $$;
        """,  # noqa: S608 - both arguments are written in migrations
        migrations.RunSQL.noop,
    )
