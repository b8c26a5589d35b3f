"""A logged model changes step by step with an event each; its files and what runs did with it only grow."""

from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps


class Migration(migrations.Migration):
    dependencies = [("experiments", "0010_logged_models"), ("audit", "0002_guards")]

    operations = [
        steps("experiments_loggedmodel"),
        demands_event("experiments_loggedmodel", "experiments.loggedmodel"),
        revoke("experiments_loggedmodel", "DELETE"),
        append_only("experiments_modelfile"),
        revoke("experiments_modelfile", "UPDATE, DELETE"),
        append_only("experiments_runmodel"),
        revoke("experiments_runmodel", "UPDATE, DELETE"),
    ]
