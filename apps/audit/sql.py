"""The SQL of the audit trail, and the operation by which other apps' tables demand their event."""

from django.db import migrations

#: The leaf is the jsonb text of the event; its hash is RFC 6962's (0x00 before the leaf).
LEAF_FUNCTION = r"""
CREATE FUNCTION audit_leaf(event audit_event) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', event.id, 'kind', event.kind, 'object_type', event.object_type, 'object_id', event.object_id,
        'object_label', event.object_label, 'lock_version', event.lock_version, 'project_id', event.project_id,
        'actor_kind', event.actor_kind, 'actor_id', event.actor_id, 'actor_label', event.actor_label,
        'person_id', event.person_id, 'request_id', event.request_id, 'data', event.data,
        'sequence', event.sequence, 'database_user', event.database_user,
        'transaction_id', event.transaction_id,
        'recorded_at', to_char(event.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    )::text
$$;
CREATE FUNCTION audit_leaf_hash(event audit_event) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256('\x00'::bytea || convert_to(audit_leaf(event), 'UTF8')), 'hex')
$$;
"""
#: A lock per object, never one for the whole log: that one held the log to 78 transactions a second.
STAMP_FUNCTION = """
CREATE FUNCTION audit_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.object_type || ':' || NEW.object_id, 20819));
    SELECT coalesce(max(sequence), 0) + 1 INTO NEW.sequence FROM audit_event
        WHERE object_type = NEW.object_type AND object_id = NEW.object_id;
    NEW.recorded_at := clock_timestamp();
    NEW.database_user := session_user;
    NEW.transaction_id := pg_current_xact_id()::text::bigint;
    NEW.leaf_hash := audit_leaf_hash(NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER audit_event_stamp BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_stamp();
"""
DEMAND_FUNCTION = """
CREATE FUNCTION audit_demand_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
    version integer := CASE WHEN TG_OP = 'DELETE' THEN OLD.lock_version + 1 ELSE NEW.lock_version END;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_event
            WHERE object_type = TG_ARGV[0] AND object_id = subject AND lock_version = version) THEN
        RAISE EXCEPTION '% of % % at version % has no audit event', TG_OP, TG_ARGV[0], subject, version
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
"""


def demands_event(table: str, object_type: str) -> migrations.RunSQL:
    """Return the operation that refuses to commit a change of ``table`` without its event.

    ``object_type`` is the model's label in lower case, for example ``registry.version``.
    """
    return migrations.RunSQL(
        f"CREATE CONSTRAINT TRIGGER {table}_event AFTER INSERT OR UPDATE OR DELETE ON {table} "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        f"EXECUTE FUNCTION audit_demand_event('{object_type}');",
        f"DROP TRIGGER {table}_event ON {table};",
    )


#: What each role may do with the seals; the sealer reads events and adds seals, and touches nothing else.
SEALER_GRANTS = """
DO $$ DECLARE role text; BEGIN
    FOREACH role IN ARRAY ARRAY['mlgov_app', 'mlgov_worker'] LOOP
        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_leaf, audit_node, audit_seal FROM %I', role);
        END IF;
    END LOOP;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'mlgov_sealer') THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM mlgov_sealer;
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM mlgov_sealer;
        GRANT SELECT ON audit_event TO mlgov_sealer;
        GRANT SELECT, INSERT ON audit_leaf, audit_node, audit_seal TO mlgov_sealer;
    END IF;
END $$;
"""
