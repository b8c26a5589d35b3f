"""Cards that were there before get the revision that they stand at, by who changed them last."""

from django.db import migrations

from apps.modelcards.sql import FIRST_REVISIONS


class Migration(migrations.Migration):
    dependencies = [("modelcards", "0004_life_guards")]
    operations = [migrations.RunSQL(FIRST_REVISIONS, migrations.RunSQL.noop)]
