from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("evidence", "0002_guards")]
    operations = [revoke("evidence_snapshot", "UPDATE, DELETE, TRUNCATE")]
