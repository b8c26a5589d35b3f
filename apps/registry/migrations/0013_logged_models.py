"""A version may come from a logged model, which then stays."""

import django.db.models.deletion
from django.db import migrations, models

from apps.registry.sql import LOGGED_STAY, LOGGED_STAY_BACK


class Migration(migrations.Migration):
    dependencies = [("experiments", "0011_logged_models_guards"), ("registry", "0012_names_guarded")]

    operations = [
        migrations.AddField(
            model_name="version",
            name="logged_model",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="experiments.loggedmodel",
            ),
        ),
        migrations.RunSQL(LOGGED_STAY, LOGGED_STAY_BACK),
    ]
