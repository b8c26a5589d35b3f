from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_sending"), ("audit", "0002_guards"), ("core", "0001_initial")]
    operations = [
        steps("notifications_webhook"),
        demands_event("notifications_webhook", "notifications.webhook"),
        append_only("notifications_attempt"),
        revoke("notifications_attempt", "UPDATE, DELETE"),
    ]
