from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("rubrics", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("rubrics_scorecard"),
        demands_event("rubrics_scorecard", "rubrics.scorecard"),
        append_only("rubrics_score"),
    ]
