"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("policies", "0011_draft_guards")]

    operations = [
        revoke("policies_allowedtransition", "UPDATE, DELETE"),
        revoke("policies_revision", "UPDATE, DELETE"),
        revoke("policies_pack", "DELETE"),
    ]
