"""A run that a version came from stays."""

from django.db import migrations

from apps.registry.sql import RUNS_STAY, RUNS_STAY_BACK


class Migration(migrations.Migration):
    dependencies = [("registry", "0008_rights"), ("experiments", "0007_logged_guards")]

    operations = [migrations.RunSQL(RUNS_STAY, RUNS_STAY_BACK)]
