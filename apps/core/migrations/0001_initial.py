from django.db import migrations, models
from django.db.models.functions import Now

import apps.core.models
from apps.core import sql


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(sql.STEP_FUNCTION, "DROP FUNCTION core_step_lock_version();"),
        migrations.RunSQL(sql.REFUSE_FUNCTION, "DROP FUNCTION core_refuse_change();"),
        migrations.RunSQL(
            """
            DO $$ DECLARE role text; BEGIN
                FOREACH role IN ARRAY ARRAY['mlgov_app', 'mlgov_worker', 'mlgov_sealer', 'mlgov_reader', 'mlgov_backup'] LOOP
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
                        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
                    END IF;
                END LOOP;
                FOREACH role IN ARRAY ARRAY['mlgov_app', 'mlgov_worker'] LOOP
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
                        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', role);
                        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO %I', role);
                        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %I', role);
                        EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %I', role);
                    END IF;
                END LOOP;
                FOREACH role IN ARRAY ARRAY['mlgov_sealer', 'mlgov_reader', 'mlgov_backup'] LOOP
                    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
                        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO %I', role);
                        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA public TO %I', role);
                    END IF;
                END LOOP;
            END $$;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("digest", apps.core.models.DigestField(primary_key=True, serialize=False)),
                ("size_bytes", models.BigIntegerField()),
                ("media_type", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(digest__regex=apps.core.models.DIGEST_PATTERN),
                        name="core_blob_digest_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(size_bytes__gte=0), name="core_blob_size_not_negative"
                    ),
                ]
            },
        ),
        migrations.RunSQL(
            """
            CREATE TABLE core_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
            CREATE INDEX core_cache_expires ON core_cache (expires);
            """,
            "DROP TABLE core_cache;",
        ),
    ]
