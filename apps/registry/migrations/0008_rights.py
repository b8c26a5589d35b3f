"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("registry", "0007_retire_guards")]

    operations = [
        revoke("registry_check", "UPDATE, DELETE"),
        revoke("registry_scan", "UPDATE, DELETE"),
        revoke("registry_model", "DELETE"),
        revoke("registry_version", "DELETE"),
        revoke("registry_artifact", "DELETE"),
    ]
