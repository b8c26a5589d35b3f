from django.db import migrations

from apps.core.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        append_only("evidence_snapshot"),
    ]
