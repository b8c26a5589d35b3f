"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("costs", "0002_guards")]

    operations = [
        revoke("costs_costentry", "UPDATE, DELETE"),
        revoke("costs_budget", "DELETE"),
    ]
