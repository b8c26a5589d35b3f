"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("rubrics", "0002_guards")]

    operations = [
        revoke("rubrics_score", "UPDATE, DELETE"),
        revoke("rubrics_scorecard", "DELETE"),
    ]
