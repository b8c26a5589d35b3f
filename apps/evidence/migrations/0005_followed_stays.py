"""No role but the owner forgets how far the log was followed."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("evidence", "0004_followed")]

    operations = [revoke("evidence_followed", "DELETE")]
