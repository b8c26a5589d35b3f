from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps
from apps.gates import sql_exceptions as sql


class Migration(migrations.Migration):
    dependencies = [("gates", "0022_exceptions"), ("monitoring", "0002_guards")]
    operations = [
        migrations.RunSQL(sql.CAUSE, sql.CAUSE_BACK),
        migrations.RunSQL(sql.ROLLBACK, sql.ROLLBACK_BACK),
        migrations.RunSQL(sql.BREAK_GLASS, sql.BREAK_GLASS_BACK),
        migrations.RunSQL(sql.POSTMORTEM, sql.POSTMORTEM_BACK),
        migrations.RunSQL(sql.OVERDUE, sql.OVERDUE_BACK),
        steps("gates_postmortem"),
        demands_event("gates_postmortem", "gates.postmortem"),
        append_only("gates_rollback"),
        append_only("gates_suspension"),
        append_only("gates_breakglass"),
        revoke("gates_postmortem", "DELETE, TRUNCATE"),
        revoke("gates_rollback", "UPDATE, DELETE, TRUNCATE"),
        revoke("gates_suspension", "UPDATE, DELETE, TRUNCATE"),
        revoke("gates_breakglass", "UPDATE, DELETE, TRUNCATE"),
    ]
