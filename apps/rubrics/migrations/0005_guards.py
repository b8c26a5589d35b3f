"""What was agreed on and what was suggested only grows, for every role."""

from django.db import migrations

from apps.core.sql import append_only, revoke

TABLES = ("rubrics_consensus", "rubrics_suggestion")


class Migration(migrations.Migration):
    dependencies = [("rubrics", "0004_blind")]

    operations = [
        *(append_only(table) for table in TABLES),
        *(revoke(table, "UPDATE, DELETE") for table in TABLES),
    ]
