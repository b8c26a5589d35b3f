"""Briefs that were there before get the revision that they stand at, by whoever began the project."""

from django.db import migrations

BACKFILL = """
INSERT INTO projects_briefrevision (id, created_at, brief_id, number, content, changed, author_id)
SELECT gen_random_uuid(), b.updated_at, b.id, b.lock_version,
    jsonb_build_object(
        'business_objective', b.business_objective, 'success_metric', b.success_metric,
        'success_target', b.success_target, 'success_direction', b.success_direction, 'baseline', b.baseline,
        'task', b.task, 'prediction_target', b.prediction_target, 'consumer', b.consumer, 'latency', b.latency,
        'data_available', b.data_available, 'data_gaps', b.data_gaps,
        'ethical_considerations', b.ethical_considerations, 'fairness_metric', b.fairness_metric,
        'fairness_threshold', b.fairness_threshold, 'kill_criteria', b.kill_criteria),
    '[]'::jsonb, p.created_by_id
FROM projects_brief b JOIN projects_project p ON p.id = b.project_id
WHERE NOT EXISTS (SELECT 1 FROM projects_briefrevision r WHERE r.brief_id = b.id AND r.number = b.lock_version);
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0014_framing_guards")]
    operations = [migrations.RunSQL(BACKFILL, migrations.RunSQL.noop)]
