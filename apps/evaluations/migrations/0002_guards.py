from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("evaluations_evaluation"),
        demands_event("evaluations_evaluation", "evaluations.evaluation"),
        append_only("evaluations_predictionset"),
    ]
