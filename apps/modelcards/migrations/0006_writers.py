"""Nobody publishes a card in which they wrote since it was last published (docs/adr/0023)."""

from django.db import migrations

from apps.modelcards.sql_writers import WRITERS, WRITERS_BACK


class Migration(migrations.Migration):
    dependencies = [("modelcards", "0005_first_revisions")]
    operations = [migrations.RunSQL(WRITERS, WRITERS_BACK)]
