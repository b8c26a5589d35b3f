from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps

GOVERNED = ("killcriterion", "risktier", "platformentry")
GROWING = ("briefrevision", "approach")


class Migration(migrations.Migration):
    dependencies = [("projects", "0013_framing")]
    operations = [
        operation
        for name in GOVERNED
        for operation in (
            steps(f"projects_{name}"),
            demands_event(f"projects_{name}", f"projects.{name}"),
            revoke(f"projects_{name}", "DELETE, TRUNCATE"),
        )
    ] + [
        operation
        for name in GROWING
        for operation in (
            append_only(f"projects_{name}"),
            revoke(f"projects_{name}", "UPDATE, DELETE, TRUNCATE"),
        )
    ]
