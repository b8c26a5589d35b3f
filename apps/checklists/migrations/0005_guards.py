"""Evidence, assignments and comments only grow, for every role."""

from django.db import migrations

from apps.core.sql import append_only, revoke

TABLES = ("checklists_answerevidence", "checklists_assignment", "checklists_comment")


class Migration(migrations.Migration):
    dependencies = [("checklists", "0004_evidence")]

    operations = [
        *(append_only(table) for table in TABLES),
        *(revoke(table, "UPDATE, DELETE") for table in TABLES),
    ]
