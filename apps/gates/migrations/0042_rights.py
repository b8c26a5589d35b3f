"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("gates", "0041_condition_guards")]

    operations = [
        revoke("gates_participant", "UPDATE, DELETE"),
        revoke("gates_requiredrole", "UPDATE, DELETE"),
        revoke("gates_waiverparty", "UPDATE, DELETE"),
    ]
