from django.db import migrations

from apps.audit import sql
from apps.core.sql import append_only, revoke


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("core", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql.LEAF_FUNCTION,
            "DROP FUNCTION audit_leaf_hash(audit_event); DROP FUNCTION audit_leaf(audit_event);",
        ),
        migrations.RunSQL(
            sql.STAMP_FUNCTION, "DROP TRIGGER audit_event_stamp ON audit_event; DROP FUNCTION audit_stamp;"
        ),
        migrations.RunSQL(sql.DEMAND_FUNCTION, "DROP FUNCTION audit_demand_event;"),
        append_only("audit_event"),
        revoke("audit_event", "UPDATE, DELETE, TRUNCATE"),
    ]
