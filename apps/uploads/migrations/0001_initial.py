import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import apps.core.ids
import apps.core.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("projects", "0015_first_brief_revisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
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
                ("size_bytes", models.PositiveBigIntegerField()),
                (
                    "sha256",
                    apps.core.models.DigestField(
                        max_length=64,
                        validators=[django.core.validators.RegexValidator("^[0-9a-f]{64}$")],
                    ),
                ),
                ("offset", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("complete", "Complete"), ("ended", "Ended")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("fence", models.PositiveIntegerField(default=0)),
                ("held_until", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "blob",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.blob",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["owner", "state"], name="uploads_upload_of_owner"),
                    models.Index(fields=["expires_at"], name="uploads_upload_by_expiry"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "complete", "ended"])),
                        name="uploads_upload_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("offset__lte", models.F("size_bytes"))),
                        name="uploads_upload_not_beyond_size",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size_bytes__gt", 0)), name="uploads_upload_not_empty"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="uploads_upload_digest_is_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("blob__isnull", True),
                            models.Q(("blob", models.F("sha256")), ("offset", models.F("size_bytes"))),
                            _connector="OR",
                        ),
                        name="uploads_upload_is_what_was_told",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "complete"), _negated=True),
                            ("blob__isnull", False),
                            _connector="OR",
                        ),
                        name="uploads_upload_complete_is_kept",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Part",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("offset", models.PositiveBigIntegerField()),
                ("size_bytes", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=120)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="uploads.upload",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("upload", "offset"), name="uploads_part_once"),
                    models.CheckConstraint(
                        condition=models.Q(("size_bytes__gt", 0)), name="uploads_part_not_empty"
                    ),
                ],
            },
        ),
    ]
