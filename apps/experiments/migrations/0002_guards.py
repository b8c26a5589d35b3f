from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("experiments", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("experiments_experiment"),
        demands_event("experiments_experiment", "experiments.experiment"),
        steps("experiments_run"),
        demands_event("experiments_run", "experiments.run"),
        append_only("experiments_metric"),
        append_only("experiments_artifact"),
    ]
