"""The files of a run that a version came from stay."""

from django.db import migrations

from apps.registry.sql import FILES_STAY, FILES_STAY_BACK


class Migration(migrations.Migration):
    dependencies = [("registry", "0009_runs_stay"), ("experiments", "0009_files_guards")]

    operations = [migrations.RunSQL(FILES_STAY, FILES_STAY_BACK)]
