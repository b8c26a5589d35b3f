"""What MLflow's clients say of models and versions: tags, aliases, where a version comes from, and deleting."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_guards"), ("registry", "0010_files_stay")]

    operations = [
        migrations.AlterField(model_name="model", name="name", field=models.CharField(max_length=256)),
        migrations.AddField(model_name="model", name="tags", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="model", name="aliases", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="model", name="deleted_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="version", name="tags", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="version", name="source", field=models.CharField(blank=True, max_length=500)
        ),
        migrations.AddField(
            model_name="version", name="run_link", field=models.CharField(blank=True, max_length=500)
        ),
        migrations.AddField(model_name="version", name="deleted_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="model",
            index=models.Index(fields=["project", "name"], name="registry_model_by_name"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    models.Q(("stage", "production"), _negated=True),
                    _connector="OR",
                ),
                name="registry_version_production_stays",
            ),
        ),
    ]
