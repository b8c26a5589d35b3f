"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_policy_move_guards")]

    operations = [
        revoke("projects_datasetversion", "UPDATE, DELETE"),
        revoke("projects_project", "DELETE"),
        revoke("projects_brief", "DELETE"),
        revoke("projects_datasource", "DELETE"),
    ]
