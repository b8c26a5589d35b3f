"""The file of each version becomes its first pinned one; checks that there are count as run on it."""

from typing import Any

from django.db import migrations

from apps.core.canonical import digest
from apps.core.sql import append_only

OPEN = """
DROP TRIGGER registry_check_no_change ON registry_check;
DROP TRIGGER registry_check_no_truncate ON registry_check;
"""


def _fill(apps: Any, schema_editor: Any) -> None:
    version, artifact, check = (apps.get_model("registry", name) for name in ("Version", "Artifact", "Check"))
    for row in version.objects.select_related("run"):
        files = {}
        if row.artifact_id:
            artifact.objects.create(
                version=row, path="model", blob_id=row.artifact_id, pinned_by_id=row.created_by_id
            )
            files["model"] = row.artifact_id
        # The commit stays empty: a migration makes no event, and without one no governed row may change.
        check.objects.filter(version=row).update(contents_digest=digest({"commit": "", "files": files}))


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_contents")]
    operations = [
        migrations.RunSQL(OPEN, append_only("registry_check").sql),
        migrations.RunPython(_fill, migrations.RunPython.noop),
    ]
