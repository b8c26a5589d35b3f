"""The constraint of points begins with their run, so that an index of the run alone is not needed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0013_model_metrics_guards"),
    ]

    operations = [
        migrations.AlterField(
            model_name="metric",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="metrics",
                to="experiments.run",
            ),
        ),
    ]
