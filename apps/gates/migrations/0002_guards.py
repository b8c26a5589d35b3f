from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps
from apps.gates import sql


class Migration(migrations.Migration):
    dependencies = [
        ("gates", "0001_initial"),
        ("registry", "0002_guards"),
        ("policies", "0002_guards"),
        ("projects", "0002_guards"),
        ("accounts", "0002_guards"),
        ("audit", "0002_guards"),
    ]
    operations = [
        migrations.RunSQL(sql.KEYS, sql.KEYS_BACK),
        migrations.RunSQL(sql.APPROVAL, sql.APPROVAL_BACK),
        migrations.RunSQL(sql.PROMOTION, sql.PROMOTION_BACK),
        migrations.RunSQL(sql.STAGE, sql.STAGE_BACK),
        steps("gates_promotion"),
        demands_event("gates_promotion", "gates.promotion"),
        append_only("gates_participant"),
        append_only("gates_requiredrole"),
        append_only("gates_transition"),
    ]
