"""The SQL that keeps the value of each metric beside its points."""

from django.db import migrations

#: The value of a metric is its latest point: by step, then time, then value. A statement's new points are taken at once.
_KEEP = """
CREATE FUNCTION experiments_keep_values() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO experiments_runmetric AS kept (run_id, experiment_id, project_id, name, value, step, at)
    SELECT DISTINCT ON (p.run_id, p.name)
        p.run_id, r.experiment_id, e.project_id, p.name, p.value, p.step, p.at
    FROM new_points p JOIN experiments_run r ON r.id = p.run_id
        JOIN experiments_experiment e ON e.id = r.experiment_id
    ORDER BY p.run_id, p.name, p.step DESC, p.at DESC, p.value DESC
    ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value, step = excluded.step, at = excluded.at
        WHERE (excluded.step, excluded.at, excluded.value) > (kept.step, kept.at, kept.value);
    RETURN NULL;
END $$;
CREATE TRIGGER experiments_metric_values AFTER INSERT ON experiments_metric
    REFERENCING NEW TABLE AS new_points FOR EACH STATEMENT EXECUTE FUNCTION experiments_keep_values();
INSERT INTO experiments_runmetric (run_id, experiment_id, project_id, name, value, step, at)
SELECT DISTINCT ON (p.run_id, p.name) p.run_id, r.experiment_id, e.project_id, p.name, p.value, p.step, p.at
FROM experiments_metric p JOIN experiments_run r ON r.id = p.run_id
    JOIN experiments_experiment e ON e.id = r.experiment_id
ORDER BY p.run_id, p.name, p.step DESC, p.at DESC, p.value DESC;
"""
_FORGET = """
DROP TRIGGER experiments_metric_values ON experiments_metric;
DROP FUNCTION experiments_keep_values();
"""
#: The owner of the function writes the table; every role of the product only reads it.
BY_TRIGGER_ALONE = "INSERT, UPDATE, DELETE"


def keeps_values() -> migrations.RunSQL:
    """Return the operation that keeps ``experiments_runmetric`` from now on, and fills it from the points there are."""
    return migrations.RunSQL(_KEEP, _FORGET)
