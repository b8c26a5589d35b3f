from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import revoke, steps
from apps.gates import sql_conditions as sql

TABLES = {
    "gates_condition": "gates.condition",
    "gates_breach": "gates.breach",
    "gates_obligation": "gates.obligation",
}


class Migration(migrations.Migration):
    dependencies = [("gates", "0040_conditions")]
    operations = [
        migrations.RunSQL(sql.BIRTH, sql.BIRTH_BACK),
        migrations.RunSQL(sql.LIFE, sql.LIFE_BACK),
        migrations.RunSQL(sql.IN_FORCE, sql.IN_FORCE_BACK),
        migrations.RunSQL(sql.OWED, sql.OWED_BACK),
        *(steps(table) for table in TABLES),
        *(demands_event(table, kind) for table, kind in TABLES.items()),
        *(revoke(table, "DELETE, TRUNCATE") for table in TABLES),
    ]
