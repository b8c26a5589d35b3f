"""Points of metrics that runs measured of logged models."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0011_logged_models_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelMetric",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(max_length=250)),
                ("value", models.FloatField()),
                ("step", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField()),
                ("dataset_name", models.CharField(blank=True, max_length=500)),
                ("dataset_digest", models.CharField(blank=True, max_length=36)),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="metrics",
                        to="experiments.loggedmodel",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="experiments.run",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("model"),
                        models.F("name"),
                        models.F("run"),
                        models.F("step"),
                        models.F("at"),
                        models.F("value"),
                        django.db.models.functions.text.MD5("dataset_name"),
                        models.F("dataset_digest"),
                        name="experiments_modelmetric_point_once",
                    )
                ],
            },
        ),
    ]
