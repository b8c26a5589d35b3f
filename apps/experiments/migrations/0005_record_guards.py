"""Verdicts only grow; the values of runs are kept from their points by the database alone."""

from django.db import migrations

from apps.core.sql import append_only, revoke
from apps.experiments.sql import BY_TRIGGER_ALONE, keeps_values


class Migration(migrations.Migration):
    dependencies = [("experiments", "0004_records")]

    operations = [
        append_only("experiments_givenverdict"),
        revoke("experiments_givenverdict", "UPDATE, DELETE"),
        keeps_values(),
        revoke("experiments_runmetric", BY_TRIGGER_ALONE),
    ]
