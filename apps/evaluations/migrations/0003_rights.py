"""No role but the owner may change what only grows, or remove what is kept."""

from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0002_guards")]

    operations = [
        revoke("evaluations_predictionset", "UPDATE, DELETE"),
        revoke("evaluations_evaluation", "DELETE"),
    ]
