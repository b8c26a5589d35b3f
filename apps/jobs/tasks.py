"""The Celery shell: a job id in, one call."""

from apps.jobs import running
from mlgov.celery import app, worker_name


@app.task(name="jobs.run")
def run(job_id: str) -> None:
    """Run a job if it still wants running; a second delivery of the same message does nothing."""
    running.run(job_id, worker=worker_name())
