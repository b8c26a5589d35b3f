"""A trust changes once and with an event; what was exchanged only grows; no role but the owner removes either."""

from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps
from apps.identity import sql


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_trusts"), ("audit", "0002_guards"), ("core", "0001_initial")]

    operations = [
        steps("identity_trust"),
        demands_event("identity_trust", "identity.trust"),
        migrations.RunSQL(sql.TRUST, sql.TRUST_BACK),
        migrations.RunSQL(sql.EXCHANGE, sql.EXCHANGE_BACK),
        append_only("identity_exchange"),
        revoke("identity_trust", "DELETE"),
        revoke("identity_exchange", "UPDATE, DELETE"),
        revoke("identity_usedidentitytoken", "UPDATE"),
        revoke("identity_issuerkeys", "DELETE"),
    ]
