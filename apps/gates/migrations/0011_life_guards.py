from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps
from apps.gates import life_sql


class Migration(migrations.Migration):
    dependencies = [
        ("gates", "0010_life_of_requests"),
        ("experiments", "0002_guards"),
        ("evaluations", "0002_guards"),
        ("checklists", "0002_guards"),
        ("modelcards", "0002_guards"),
        ("audit", "0002_guards"),
    ]
    operations = [
        migrations.RunSQL(life_sql.LINEAGE, life_sql.LINEAGE_BACK),
        migrations.RunSQL(life_sql.ROLE, life_sql.ROLE_BACK),
        migrations.RunSQL(life_sql.SIGNING, life_sql.SIGNING_BACK),
        migrations.RunSQL(life_sql.TIME, life_sql.TIME_BACK),
        migrations.RunSQL(life_sql.DELEGATION, life_sql.DELEGATION_BACK),
        migrations.RunSQL(life_sql.REVIEW, life_sql.REVIEW_BACK),
        *(append_only(f"gates_{table}") for table in ("comment", "asked", "nudge")),
        *(steps(f"gates_{table}") for table in ("delegation", "review")),
        demands_event("gates_delegation", "gates.delegation"),
        demands_event("gates_review", "gates.review"),
        *(revoke(f"gates_{table}", "DELETE, TRUNCATE") for table in ("signer", "delegation", "review")),
        *(revoke(f"gates_{table}", "UPDATE, DELETE, TRUNCATE") for table in ("comment", "asked", "nudge")),
    ]
