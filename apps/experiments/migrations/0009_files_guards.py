"""One file of a path stands, and that one no longer does is never taken back."""

from django.db import migrations

from apps.core.sql import append_only, revoke
from apps.experiments.sql import one_file_stands


class Migration(migrations.Migration):
    dependencies = [("experiments", "0008_files")]

    operations = [
        append_only("experiments_artifactend"),
        revoke("experiments_artifactend", "UPDATE, DELETE"),
        one_file_stands(),
    ]
