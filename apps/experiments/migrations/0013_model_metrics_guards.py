"""What was measured of a logged model only grows."""

from django.db import migrations

from apps.core.sql import append_only, revoke


class Migration(migrations.Migration):
    dependencies = [("experiments", "0012_model_metrics")]

    operations = [
        append_only("experiments_modelmetric"),
        revoke("experiments_modelmetric", "UPDATE, DELETE"),
    ]
