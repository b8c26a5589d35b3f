"""A name of a model is taken, and looked for, in one go."""

from django.db import migrations

from apps.registry.sql import TAKE_NAME, TAKE_NAME_BACK


class Migration(migrations.Migration):
    dependencies = [("registry", "0013_logged_models")]

    operations = [migrations.RunSQL(TAKE_NAME, TAKE_NAME_BACK)]
