from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, steps


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("projects_project"),
        demands_event("projects_project", "projects.project"),
        steps("projects_membership"),
        demands_event("projects_membership", "projects.membership"),
        steps("projects_brief"),
        demands_event("projects_brief", "projects.brief"),
        steps("projects_datasource"),
        demands_event("projects_datasource", "projects.datasource"),
        append_only("projects_datasetversion"),
    ]
