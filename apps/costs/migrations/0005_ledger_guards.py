"""Rates only grow; targets are governed; an entry cannot name a rate of another currency or another value."""

from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps

RATE_FUNCTION = """
CREATE FUNCTION costs_entry_rate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.rate_id IS NULL AND NEW.rate_value <> 1 OR NEW.rate_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM costs_rate
        WHERE id = NEW.rate_id AND currency = NEW.currency AND value = NEW.rate_value) THEN
        RAISE EXCEPTION 'costs_costentry %: converted by % without such a rate', NEW.id, NEW.rate_value
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'costs_entry_rate_is_its';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER costs_costentry_rate BEFORE INSERT ON costs_costentry
    FOR EACH ROW EXECUTE FUNCTION costs_entry_rate();
"""


class Migration(migrations.Migration):
    dependencies = [("costs", "0004_ledger"), ("audit", "0002_guards")]

    operations = [
        append_only("costs_rate"),
        revoke("costs_rate", "UPDATE, DELETE"),
        steps("costs_target"),
        demands_event("costs_target", "costs.target"),
        revoke("costs_target", "DELETE"),
        migrations.RunSQL(
            RATE_FUNCTION,
            "DROP TRIGGER costs_costentry_rate ON costs_costentry; DROP FUNCTION costs_entry_rate();",
        ),
    ]
