"""Inputs of a run only grow; what it logs while it runs needs no step of its version."""

from django.db import migrations

from apps.core.sql import append_only, revoke
from apps.experiments.sql import steps_when_ended


class Migration(migrations.Migration):
    dependencies = [("experiments", "0006_logged"), ("audit", "0002_guards")]

    operations = [
        append_only("experiments_runinput"),
        revoke("experiments_runinput", "UPDATE, DELETE"),
        steps_when_ended(),
    ]
