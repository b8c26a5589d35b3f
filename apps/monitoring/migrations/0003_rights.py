"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_guards")]

    operations = [
        revoke("monitoring_productionmetrics", "UPDATE, DELETE"),
    ]
