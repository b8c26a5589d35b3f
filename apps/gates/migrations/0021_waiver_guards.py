from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps
from apps.gates import sql_waivers as sql


class Migration(migrations.Migration):
    dependencies = [("gates", "0020_waivers")]
    operations = [
        migrations.RunSQL(sql.KEYS, sql.KEYS_BACK),
        migrations.RunSQL(sql.GRANT, sql.GRANT_BACK),
        migrations.RunSQL(sql.WAIVER, sql.WAIVER_BACK),
        migrations.RunSQL(sql.HOLDS, sql.HOLDS_BACK),
        steps("gates_waiver"),
        demands_event("gates_waiver", "gates.waiver"),
        append_only("gates_waiverparty"),
        append_only("gates_waivergrant"),
        revoke("gates_waiver", "DELETE, TRUNCATE"),
        revoke("gates_waivergrant", "UPDATE, DELETE, TRUNCATE"),
    ]
