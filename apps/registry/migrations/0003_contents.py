"""Files and commit of a version, scans, and what a check ran on: first what is added."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import apps.core.ids
import apps.core.models

_ROW = [
    ("id", models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
    (
        "created_at",
        models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
    ),
]


def _key(to: str, name: str = "+", **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=name, to=to, **more)


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_guards"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField(
            "version", "commit", models.CharField(blank=True, default="", max_length=64), False
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                *_ROW,
                ("path", models.CharField(max_length=300)),
                ("replaced_at", models.DateTimeField(null=True)),
                ("blob", _key("core.blob")),
                ("pinned_by", _key(settings.AUTH_USER_MODEL)),
                ("version", _key("registry.version", "artifacts")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "path"),
                        condition=Q(replaced_at__isnull=True),
                        name="registry_artifact_one_pinned",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="Scan",
            fields=[
                *_ROW,
                ("scanner", models.CharField(max_length=60)),
                ("format", models.CharField(max_length=40)),
                ("danger", models.CharField(max_length=20)),
                ("findings", models.JSONField(default=list)),
                ("header", models.JSONField(default=dict)),
                ("blob", _key("core.blob")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("blob", "scanner"), name="registry_scan_once")
                ]
            },
        ),
        migrations.AddField("check", "items", models.JSONField(default=list)),
        migrations.AddField(
            "check",
            "source",
            models.CharField(
                choices=[
                    ("pipeline", "Said by the pipeline"),
                    ("junit", "JUnit XML"),
                    ("sarif", "SARIF"),
                    ("mlgov", "mlgov itself"),
                ],
                default="pipeline",
                max_length=10,
            ),
        ),
        migrations.AddField("check", "report", _key("core.blob", null=True)),
        migrations.AddField("check", "contents_digest", apps.core.models.DigestField(default=""), False),
    ]
