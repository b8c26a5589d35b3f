"""Models that runs log, their files, and which run made or read which."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import apps.core.ids


def _row() -> list[tuple[str, models.Field]]:
    """Return the fields that every row has."""
    return [
        (
            "id",
            models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        (
            "created_at",
            models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
        ),
    ]


def _belongs(to: str, related_name: str, **more: bool) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=to, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("experiments", "0009_files_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LoggedModel",
            fields=[
                *_row(),
                ("lock_version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(max_length=500)),
                ("model_type", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Files are coming"),
                            ("ready", "Ready"),
                            ("failed", "Upload failed"),
                        ],
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("params", models.JSONField(default=dict)),
                ("tags", models.JSONField(default=dict)),
                ("deleted_at", models.DateTimeField(null=True)),
                ("created_by", _belongs(settings.AUTH_USER_MODEL, "+")),
                ("experiment", _belongs("experiments.experiment", "logged_models")),
                ("run", _belongs("experiments.run", "logged_models", null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["pending", "ready", "failed"])),
                        name="experiments_loggedmodel_state_known",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="ModelFile",
            fields=[
                *_row(),
                ("path", models.CharField(max_length=300)),
                ("blob", _belongs("core.blob", "+")),
                ("created_by", _belongs(settings.AUTH_USER_MODEL, "+")),
                ("model", _belongs("experiments.loggedmodel", "files")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("model", "path"), name="experiments_modelfile_path_once")
                ]
            },
        ),
        migrations.CreateModel(
            name="RunModel",
            fields=[
                *_row(),
                (
                    "use",
                    models.CharField(choices=[("output", "Made it"), ("input", "Read it")], max_length=10),
                ),
                ("step", models.BigIntegerField(default=0)),
                ("model", _belongs("experiments.loggedmodel", "used_by")),
                ("run", _belongs("experiments.run", "used_models")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "model", "use"), name="experiments_runmodel_once"),
                    models.CheckConstraint(
                        condition=models.Q(("use__in", ["output", "input"])),
                        name="experiments_runmodel_use_known",
                    ),
                ]
            },
        ),
    ]
