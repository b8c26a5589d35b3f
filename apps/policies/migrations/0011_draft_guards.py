from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import revoke, steps
from apps.policies import sql


class Migration(migrations.Migration):
    dependencies = [("policies", "0010_drafts"), ("audit", "0001_initial"), ("core", "0001_initial")]
    operations = [
        migrations.RunSQL(sql.REVISION, sql.REVISION_BACK),
        migrations.RunSQL(sql.DRAFT, sql.DRAFT_BACK),
        steps("policies_draft"),
        demands_event("policies_draft", "policies.draft"),
        revoke("policies_draft", "DELETE, TRUNCATE"),
    ]
