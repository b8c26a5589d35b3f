from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("costs", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("costs_budget"),
        demands_event("costs_budget", "costs.budget"),
        append_only("costs_costentry"),
    ]
