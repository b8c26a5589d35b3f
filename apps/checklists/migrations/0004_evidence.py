import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import apps.core.ids


def row(*fields):
    """Return the fields of every row, and these."""
    return [
        (
            "id",
            models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        (
            "created_at",
            models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
        ),
        *fields,
    ]


def key(to, name="+", **more):
    """Return a foreign key that protects what it points at."""
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=name, to=to, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("checklists", "0003_rights"),
        ("core", "0001_initial"),
        ("evaluations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("answer", "question", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddField(
            "answer", "expression", models.TextField(blank=True, default=""), preserve_default=False
        ),
        migrations.AddField("answer", "facts", models.JSONField(null=True)),
        migrations.CreateModel(
            name="AnswerEvidence",
            fields=row(
                (
                    "kind",
                    models.CharField(
                        choices=[("file", "File"), ("text", "Text"), ("evaluation", "Evaluation")],
                        max_length=12,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("answer", key("checklists.answer", "evidence")),
                ("blob", key("core.blob", null=True)),
                ("evaluation", key("evaluations.evaluation", null=True)),
            ),
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=row(
                ("item", models.SlugField(max_length=60)),
                ("due_on", models.DateField(null=True)),
                ("assigned_by", key(settings.AUTH_USER_MODEL)),
                ("assignee", key(settings.AUTH_USER_MODEL, null=True)),
                ("checklist", key("checklists.checklist", "assignments")),
            ),
        ),
        migrations.CreateModel(
            name="Comment",
            fields=row(
                ("item", models.SlugField(max_length=60)),
                ("text", models.TextField()),
                ("checklist", key("checklists.checklist", "comments")),
                ("written_by", key(settings.AUTH_USER_MODEL)),
            ),
        ),
        migrations.AddConstraint(
            model_name="answerevidence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("blob", None), ("evaluation", None), ("kind", "text"))
                    & models.Q(("text", ""), _negated=True),
                    models.Q(("blob__isnull", False), ("evaluation", None), ("kind", "file")),
                    models.Q(("blob", None), ("evaluation__isnull", False), ("kind", "evaluation")),
                    _connector="OR",
                ),
                name="checklists_answerevidence_one_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["checklist", "item", "-created_at"], name="checklists_assignment_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                fields=["checklist", "item", "created_at"], name="checklists_comment_order"
            ),
        ),
    ]
