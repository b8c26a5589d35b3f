"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("data", "0002_guards")]

    operations = [
        revoke("data_profile", "UPDATE, DELETE"),
        revoke("data_assessment", "UPDATE, DELETE"),
        revoke("data_leakagereport", "UPDATE, DELETE"),
        revoke("data_feature", "DELETE"),
    ]
