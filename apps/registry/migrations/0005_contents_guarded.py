"""What was expanded is now all there is, and the database keeps it."""

from django.db import migrations, models
from django.db.models import Q

from apps.core.sql import append_only

#: What a version is does not change; its commit may until it is in production (services say: until its first move).
FIXED = """
CREATE OR REPLACE FUNCTION registry_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.model_id, NEW.number, NEW.change, NEW.run_id, NEW.created_by_id)
       IS DISTINCT FROM (OLD.id, OLD.model_id, OLD.number, OLD.change, OLD.run_id, OLD.created_by_id)
       OR (OLD.stage = 'production' AND NEW.commit <> OLD.commit) THEN
        RAISE EXCEPTION 'version % cannot change what it is; register a new one', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_fixed';
    END IF;
    RETURN NEW;
END $$;
"""
FIXED_BACK = """
CREATE OR REPLACE FUNCTION registry_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.model_id, NEW.number, NEW.change, NEW.run_id, NEW.artifact_id, NEW.created_by_id)
       IS DISTINCT FROM (OLD.id, OLD.model_id, OLD.number, OLD.change, OLD.run_id, OLD.artifact_id, OLD.created_by_id) THEN
        RAISE EXCEPTION 'version % cannot change what it is; register a new one', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_fixed';
    END IF;
    RETURN NEW;
END $$;
"""
#: A pin ends once, by a file that takes its place, and never in production; no pin is ever deleted.
PINS = """
CREATE FUNCTION registry_guard_artifact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.replaced_at IS NOT NULL OR NEW.replaced_at IS NULL
            OR (to_jsonb(NEW) - 'replaced_at') IS DISTINCT FROM (to_jsonb(OLD) - 'replaced_at')) THEN
        RAISE EXCEPTION 'a pinned file can only be replaced, once'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_artifact_fixed';
    END IF;
    IF EXISTS (SELECT 1 FROM registry_version WHERE id = NEW.version_id AND stage = 'production') THEN
        RAISE EXCEPTION 'the files of a version in production stay what they are'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_artifact_in_production';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_artifact_guard BEFORE INSERT OR UPDATE ON registry_artifact
    FOR EACH ROW EXECUTE FUNCTION registry_guard_artifact();
CREATE TRIGGER registry_artifact_no_delete BEFORE DELETE ON registry_artifact
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER registry_artifact_no_truncate BEFORE TRUNCATE ON registry_artifact
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
"""
PINS_BACK = """
DROP TRIGGER registry_artifact_no_truncate ON registry_artifact;
DROP TRIGGER registry_artifact_no_delete ON registry_artifact;
DROP TRIGGER registry_artifact_guard ON registry_artifact;
DROP FUNCTION registry_guard_artifact;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_contents_filled")]
    operations = [
        migrations.RunSQL(FIXED, FIXED_BACK),
        migrations.RemoveField("version", "artifact"),
        migrations.AddConstraint(
            "check",
            models.CheckConstraint(
                condition=Q(source__in=["pipeline", "junit", "sarif", "mlgov"]),
                name="registry_check_source_known",
            ),
        ),
        migrations.AddConstraint(
            "check",
            models.CheckConstraint(
                condition=Q(contents_digest__regex="^[0-9a-f]{64}$"), name="registry_check_contents_form"
            ),
        ),
        append_only("registry_check"),
        append_only("registry_scan"),
        migrations.RunSQL(PINS, PINS_BACK),
    ]
