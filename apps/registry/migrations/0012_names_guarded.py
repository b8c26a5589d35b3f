"""Where a version comes from does not change, what is deleted stays so, and a deleted version does not move."""

from django.db import migrations

from apps.registry.sql import DELETED, DELETED_BACK, ORIGIN, ORIGIN_BACK


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_names")]

    operations = [migrations.RunSQL(ORIGIN, ORIGIN_BACK), migrations.RunSQL(DELETED, DELETED_BACK)]
