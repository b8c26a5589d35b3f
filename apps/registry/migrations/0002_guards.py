from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps

#: A version is what was registered: only its stage moves (and its description may be mended).
FIXED = """
CREATE FUNCTION registry_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.model_id, NEW.number, NEW.change, NEW.run_id, NEW.artifact_id, NEW.created_by_id)
       IS DISTINCT FROM (OLD.id, OLD.model_id, OLD.number, OLD.change, OLD.run_id, OLD.artifact_id, OLD.created_by_id) THEN
        RAISE EXCEPTION 'version % cannot change what it is; register a new one', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_version_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_version_guard BEFORE UPDATE ON registry_version
    FOR EACH ROW EXECUTE FUNCTION registry_guard_version();
CREATE TRIGGER registry_version_no_delete BEFORE DELETE ON registry_version
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""
FIXED_BACK = """
DROP TRIGGER registry_version_no_delete ON registry_version;
DROP TRIGGER registry_version_guard ON registry_version;
DROP FUNCTION registry_guard_version;
"""


#: Guarantee 7. Checked at commit, so that a swap may go through in either order; Django's own class knows GiST only.
ONE_IN_PRODUCTION = """
ALTER TABLE registry_version ADD CONSTRAINT registry_version_one_in_production
    EXCLUDE USING btree (model_id WITH =) WHERE (stage = 'production') DEFERRABLE INITIALLY DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("registry_model"),
        demands_event("registry_model", "registry.model"),
        steps("registry_version"),
        demands_event("registry_version", "registry.version"),
        append_only("registry_check"),
        migrations.RunSQL(FIXED, FIXED_BACK),
        migrations.RunSQL(
            ONE_IN_PRODUCTION,
            "ALTER TABLE registry_version DROP CONSTRAINT registry_version_one_in_production;",
        ),
    ]
