from django.db import migrations
from pgmq.install import get_embedded_install_sql

#: Grants, the one queue, its wake-up trigger, and a CHECK: one malformed row would kill a kombu worker (guarantee 21).
QUEUE = """
SELECT pgmq.create('jobs');
SELECT pgmq.enable_notify_insert('jobs', 100);
ALTER TABLE pgmq.q_jobs ADD CONSTRAINT pgmq_jobs_message_shape CHECK (
    jsonb_typeof(message) = 'object'
    AND jsonb_typeof(message -> 'body') = 'string'
    AND jsonb_typeof(message -> 'headers') = 'object'
    AND jsonb_typeof(message -> 'properties') = 'object'
    AND jsonb_typeof(message -> 'properties' -> 'delivery_tag') = 'string'
    AND jsonb_typeof(message -> 'properties' -> 'delivery_info') = 'object'
    AND (message ->> 'content-type') = 'application/data'
    AND (message ->> 'content-encoding') IS NOT NULL
    AND (message -> 'headers' ->> 'task') = 'jobs.run'
);
DO $$ DECLARE role text; BEGIN
    FOREACH role IN ARRAY ARRAY['mlgov_app', 'mlgov_worker'] LOOP
        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA pgmq TO %I', role);
            EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgmq TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgmq TO %I', role);
            EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA pgmq TO %I', role);
        END IF;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("core", "0001_initial")]
    operations = [
        migrations.RunSQL([(get_embedded_install_sql(), None)], "DROP SCHEMA pgmq CASCADE;"),
        migrations.RunSQL([(QUEUE, None)], migrations.RunSQL.noop),
    ]
