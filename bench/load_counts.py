"""What is in the database after bench/load.py, beside what the clients were answered."""

import hashlib
import time
from collections import Counter
from typing import Any

from bench.load_clients import Diary

#: Seconds in which the jobs are done and the sealer has caught up, after the clients ended.
SETTLED_SECONDS = 600
LOOK_SECONDS = 1.0
#: What was counted -> the rows that there are of it. Names of parameters and tags say their values, so that only what is kept
#: as it was sent is found.
ROWS = {
    "experiments": "SELECT count(*) FROM experiments_experiment",
    "runs": "SELECT count(*) FROM experiments_run",
    "runs that ended": "SELECT count(*) FROM experiments_run WHERE state = 'finished'",
    "points": "SELECT count(*) FROM experiments_metric",
    "parameters": "SELECT count(*) FROM experiments_run, jsonb_each_text(params) one WHERE one.key = 'load.' || one.value",
    "tags": "SELECT count(*) FROM experiments_run, jsonb_each_text(tags) one WHERE one.key = 'load.' || one.value",
    "models": "SELECT count(*) FROM registry_model",
    "versions": "SELECT count(*) FROM registry_version",
    "checks": "SELECT count(*) FROM registry_check WHERE name = 'load_test'",
    "tags of versions": "SELECT count(*) FROM registry_version, jsonb_each_text(tags) one WHERE one.key = 'load.' || one.value",
    "evaluations": "SELECT count(*) FROM evaluations_evaluation WHERE state = 'complete'",
}
#: Each file by its digest. A version that was registered by MLflow's calls has files of its run.
FILES = {
    "files of runs": "SELECT blob_id FROM experiments_artifact",
    "files of versions": "SELECT blob_id FROM registry_artifact WHERE path = 'model.bin'",
    "predictions": "SELECT blob_id FROM evaluations_predictionset",
}
#: Kind of event -> what each of these writes at least one of.
EVENTS = {
    "experiments.experiment_created": "experiments",
    "experiments.run_started": "runs",
    "experiments.run_ended": "runs that ended",
    "experiments.artifact_logged": "files of runs",
    "registry.model_created": "models",
    "registry.version_registered": "versions",
    "registry.check_reported": "checks",
    "evaluations.predictions_uploaded": "predictions",
    "evaluations.evaluation_requested": "evaluations",
    "evaluations.evaluation_completed": "evaluations",
}
_OPEN = "SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')"
_UNSEALED = "SELECT count(*) FROM audit_event WHERE id NOT IN (SELECT event_id FROM audit_leaf)"
_JOBS = "SELECT kind, state, count(*), min(error) FROM jobs_job GROUP BY kind, state ORDER BY kind, state"
_FOLLOWED = """
SELECT count(*) FROM audit_leaf JOIN audit_event ON audit_event.id = event_id
WHERE position > %s AND position <= %s AND project_id = %s
"""


def _count(admin: Any, statement: str, values: tuple[object, ...] = ()) -> int:
    return int(admin.execute(statement, values).fetchone()[0])


def settle(admin: Any) -> list[str]:
    """Wait until no job is open and every record is sealed; return in words what is not."""
    began = time.monotonic()
    while True:
        waiting, unsealed = _count(admin, _OPEN), _count(admin, _UNSEALED)
        spent = time.monotonic() - began
        if not waiting and not unsealed:
            print(f"jobs done and log sealed {spent:.0f} s after the last client ended")
            return []
        if spent > SETTLED_SECONDS:
            return [
                f"{waiting} jobs are open and {unsealed} records unsealed {SETTLED_SECONDS} s after the last client ended"
            ]
        time.sleep(LOOK_SECONDS)


def agree(admin: Any, diary: Diary, project: str) -> list[str]:
    """Print rows, files, events and jobs beside what was answered; return in words where they differ."""
    done = diary.done + Counter({what: digests.total() for what, digests in diary.files.items()})
    short = []
    print(f"\n{'':<40} {'answered':>10} {'found':>10}")
    for what, statement in ROWS.items():
        short += _compared(what, done[what], _count(admin, statement))
    for what, statement in FILES.items():
        found = Counter(digest for (digest,) in admin.execute(statement))
        short += _compared(f"{what}, by digest", done[what], found.total())
        lost, foreign = diary.files[what] - found, found - diary.files[what]
        if lost or foreign:
            short.append(f"{what}: {lost.total()} are not there, {foreign.total()} others are")
    for kind, what in EVENTS.items():
        found_events = _count(admin, "SELECT count(*) FROM audit_event WHERE kind = %s", (kind,))
        short += _compared(kind, done[what], found_events, more=True)
    for one in diary.followed:
        there = _count(admin, _FOLLOWED, (one.first, one.last, project))
        short += _compared(f"records that a reader got up to {one.last}", one.records, there)
    return short


def _compared(what: str, answered: int, found: int, *, more: bool = False) -> list[str]:
    print(f"{what:<40} {answered:>10,} {found:>10,}")
    if found == answered or (more and found > answered):
        return []
    return [f"{what}: {answered:,} were answered as done, and {found:,} are in the database"]


def jobs(admin: Any) -> list[str]:
    """Print the jobs by kind and state; return in words which did not succeed."""
    short = []
    print(f"\n{'jobs':<40} {'state':>12} {'':>10}")
    for kind, state, total, error in admin.execute(_JOBS):
        print(f"{kind:<40} {state:>12} {total:>10,}")
        if state != "succeeded":
            short.append(f"{total} jobs {kind} are {state}: {error}")
    tried = _count(admin, "SELECT count(*) FROM jobs_job WHERE attempt > 1")
    if tried:
        short.append(f"{tried} jobs were tried more than once")
    return short


def verified() -> list[str]:
    """Verify the audit log as ``manage.py audit verify`` does; return in words what it finds."""
    from django.conf import settings

    from apps.audit import notes
    from apps.audit.verifying import verify

    report = verify(
        key=notes.verifier_of(settings.AUDIT_KEY_FILE), heads_file=settings.AUDIT_HEADS_FILE, workers=2
    )
    print(f"\naudit log: {report.events:,} records, {report.sealed:,} sealed, {report.heads:,} heads")
    return [f"the audit log does not verify: {one.sentence}" for one in report.findings]


def stored(diary: Diary) -> list[str]:
    """Return in words which kept contents cannot be read back as what they were sent as."""
    from apps.core import blobs

    sent = {digest for digests in diary.files.values() for digest in digests}
    bad = 0
    for digest in sent:
        with blobs.local_copy(digest) as path, path.open("rb") as file:
            bad += hashlib.file_digest(file, "sha256").hexdigest() != digest
    print(f"files in the store: {len(sent):,} read back")
    return [f"{bad} files in the store have other bytes than were sent"] if bad else []
