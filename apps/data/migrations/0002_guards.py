from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("data", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("data_feature"),
        demands_event("data_feature", "data.feature"),
        append_only("data_profile"),
        append_only("data_assessment"),
        append_only("data_leakagereport"),
    ]
