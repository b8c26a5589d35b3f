from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("checklists", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("checklists_checklist"),
        demands_event("checklists_checklist", "checklists.checklist"),
        append_only("checklists_answer"),
    ]
