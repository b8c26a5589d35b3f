"""A finding changes by steps and with an event; decisions only grow; no role but the owner removes either."""

from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps


class Migration(migrations.Migration):
    dependencies = [("findings", "0001_initial"), ("audit", "0002_guards"), ("core", "0001_initial")]

    operations = [
        steps("findings_finding"),
        demands_event("findings_finding", "findings.finding"),
        append_only("findings_decision"),
        revoke("findings_finding", "DELETE"),
        revoke("findings_decision", "UPDATE, DELETE"),
        revoke("findings_judged", "DELETE"),
    ]
