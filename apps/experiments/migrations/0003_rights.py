"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("experiments", "0002_guards")]

    operations = [
        revoke("experiments_artifact", "UPDATE, DELETE"),
        revoke("experiments_metric", "UPDATE, DELETE"),
        revoke("experiments_experiment", "DELETE"),
        revoke("experiments_run", "DELETE"),
    ]
