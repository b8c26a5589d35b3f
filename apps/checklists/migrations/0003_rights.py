"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("checklists", "0002_guards")]

    operations = [
        revoke("checklists_answer", "UPDATE, DELETE"),
        revoke("checklists_checklist", "DELETE"),
    ]
