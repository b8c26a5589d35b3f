"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seals")]

    operations = [
        revoke("audit_verification", "UPDATE, DELETE"),
    ]
