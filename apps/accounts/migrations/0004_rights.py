"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_identity")]

    operations = [
        revoke("accounts_reauthentication", "UPDATE, DELETE"),
        revoke("accounts_usedproof", "UPDATE, DELETE"),
        revoke("accounts_user", "DELETE"),
        revoke("accounts_token", "DELETE"),
    ]
