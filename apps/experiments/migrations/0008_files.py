"""A file of a run may be replaced or removed: a row beside it says so, and its content stays."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("experiments", "0007_logged_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ArtifactEnd",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveConstraint(
            model_name="artifact",
            name="experiments_artifact_path_unique",
        ),
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(fields=["run", "path"], name="experiments_artifact_by_path"),
        ),
        migrations.AddField(
            model_name="artifactend",
            name="artifact",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="end", to="experiments.artifact"
            ),
        ),
        migrations.AddField(
            model_name="artifactend",
            name="ended_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
