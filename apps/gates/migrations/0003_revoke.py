from django.db import migrations

from apps.core.sql import revoke


class Migration(migrations.Migration):
    dependencies = [("gates", "0002_guards")]
    operations = [
        revoke("gates_approval", "DELETE, TRUNCATE"),
        revoke("gates_promotion", "DELETE, TRUNCATE"),
        revoke("gates_transition", "UPDATE, DELETE, TRUNCATE"),
    ]
