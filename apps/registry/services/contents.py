"""What a version consists of: its commit and its files, pinned by digest while it is in its first stage."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs, governed
from apps.core.db import joining, service
from apps.core.errors import Invalid, not_now
from apps.core.ids import new_id
from apps.core.models import Blob
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.jobs.sending import Message
from apps.policies.queries import pack_of
from apps.projects.permissions import Right, can
from apps.registry.enums import SCANNER
from apps.registry.models import Artifact, Version
from apps.registry.permissions import there

#: The kind of job that reads what the files of a version would run.
SCAN = "registry.scan"
_PATH = re.compile(r"^[\w.\-]+(/[\w.\-]+)*$", re.ASCII)
_COMMIT = re.compile(r"^[0-9a-f]{7,64}$")
_PIN = """
INSERT INTO registry_artifact (id, version_id, pinned_by_id, path, blob_id)
SELECT one.id, %s, %s, one.path, one.digest FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS one (id, path, digest)
"""


def demand_commit(commit: str) -> str:
    """Return a commit in lower case; raises Invalid for what cannot be one."""
    commit = commit.strip().lower()
    if commit and not _COMMIT.match(commit):
        raise Invalid(
            f"“{commit[:70]}” is no commit: send its 7 to 64 hexadecimal digits.",
            code="bad_commit",
            field="commit",
        )
    return commit


@service
def pin_artifact(version: Version, *, path: str, stream: blobs.Content, by: User) -> Artifact:
    """Keep a file of a version under a path; another file under the same path takes its place.

    Raises Refused once the version left its first stage: what was judged must stay what it was.
    """
    current = _open_for_change(version, by=by)
    if not _PATH.match(path) or ".." in path.split("/") or len(path) > 300:
        raise Invalid(
            f"“{path[:80]}” cannot be the path of a file: use names of letters, digits, . - _ joined by /.",
            code="bad_path",
            field="path",
        )
    blob = blobs.kept(stream, max_bytes=settings.MAX_UPLOAD_BYTES)
    governed.change(current)
    known = _pin(current, path=path, blob=blob, by=by)
    scan(current, by=by)
    return known


def pin_first(version: Version, files: Mapping[str, Blob], *, by: User, message: Message | None) -> None:
    """Pin stored contents by their paths to a version that has none yet, and let a worker look at all of them at once.

    It is made in this transaction, so that nobody else sees it. ``message`` is the one for the worker.
    """
    if not files:
        return
    paths = sorted(files)
    ids = [new_id() for _ in paths]
    audit.record_each(
        "registry.artifact_pinned",
        version,
        (_pinned(path, files[path]) for path in paths),
        by=by,
        project_id=version.model.project_id,
        beside=_PIN,
        given=[version.pk, by.pk, ids, paths, [files[path].pk for path in paths]],
    )
    scan(version, by=by, message=message)


def _pinned(path: str, blob: Blob) -> dict[str, Any]:
    return {"path": path, "digest": blob.digest, "size_bytes": blob.size_bytes}


def _pin(version: Version, *, path: str, blob: Blob, by: User) -> Artifact:
    pinned = version.artifacts.pinned().filter(path=path)
    known = pinned.filter(blob=blob).first()
    if known is None:
        pinned.update(replaced_at=Now())
        known = Artifact.objects.create(version=version, path=path, blob=blob, pinned_by=by)
    audit.record(
        "registry.artifact_pinned",
        version,
        by=by,
        project_id=version.model.project_id,
        **_pinned(path, blob),
    )
    return known


@service
def change_commit(version: Version, *, commit: str, by: User, expect: int | None = None) -> Version:
    """Say which commit a version was built from, while it is in its first stage; its checks expire.

    Raises Conflict when ``expect`` is not the version's state any more.
    """
    commit = demand_commit(commit)
    current = _open_for_change(version, by=by)
    governed.demand_version(current, expect)
    if commit == current.commit:
        return current
    governed.change(current, commit=commit)
    audit.record(
        "registry.commit_changed",
        current,
        by=by,
        project_id=current.model.project_id,
        commit=commit or "an unknown commit",
    )
    if current.artifacts.pinned().exists():
        scan(current, by=by)
    return current


def _open_for_change(version: Version, *, by: User) -> Version:
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    current = (
        Version.objects.select_for_update(of=("self",))
        .select_related("model__project__policy_revision")
        .get(pk=version.pk)
    )
    there(current).enforce()
    if current.stage != pack_of(current.model.project.policy_revision).initial_stage:
        not_now(
            f"{current} is in {current.stage}: its files and commit stay what they were judged as. Register a new version.",
            code="contents_fixed",
        ).enforce()
    return current


@joining
def scan(version: Version, *, by: User | None, message: Message | None = None) -> Job:
    """Let a worker read what the files of a version would run when loaded; by nobody where mlgov does it of its own accord."""
    return jobs.enqueue(
        SCAN,
        {"version": str(version.pk), "scanner": SCANNER},
        by=by,
        project_id=version.model.project_id,
        subject_url=f"/versions/{version.pk}/",
        message=message,
    )
