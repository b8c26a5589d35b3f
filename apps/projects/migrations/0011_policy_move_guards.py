from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import revoke, steps
from apps.projects import sql


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_policy_moves")]
    operations = [
        migrations.RunSQL(sql.MOVE, sql.MOVE_BACK),
        steps("projects_policymove"),
        demands_event("projects_policymove", "projects.policymove"),
        revoke("projects_policymove", "DELETE, TRUNCATE"),
    ]
