"""The files of a run as MLflow's clients keep them: also after its end, and one in the place of another.

No row changes: what was replaced or removed has an ``ArtifactEnd`` beside it, and its content stays.
That the files of a run from which a version came stay is the registry's rule.
"""

import mimetypes
from unicodedata import category
from urllib.parse import unquote

from django.conf import settings

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import blobs
from apps.core.db import service
from apps.core.errors import Invalid
from apps.core.models import Blob
from apps.core.statements import Columns, rows
from apps.experiments.models import Artifact, ArtifactEnd, Run
from apps.experiments.paths import demand_room, put
from apps.experiments.recording import held
from apps.projects.permissions import Right, can

LONGEST_PATH = 300
_ARTIFACT, _BLOB = Columns(Artifact), Columns(Blob)
_STANDING = f"""
SELECT {_ARTIFACT.of("artifact")}, {_BLOB.of("blob")} FROM experiments_artifact artifact
JOIN core_blob blob ON blob.digest = artifact.blob_id
WHERE artifact.run_id = %(run)s
    AND (%(path)s::text = '' OR artifact.path = %(path)s OR starts_with(artifact.path, %(path)s || '/'))
    AND NOT EXISTS (SELECT 1 FROM experiments_artifactend ended WHERE ended.artifact_id = artifact.id)
ORDER BY artifact.path
"""  # noqa: S608 - written here


class NoSuchFile(Invalid):
    """The run has no file of this path (404)."""

    status = 404


def demand_path(path: str) -> str:
    """Return the path of a file below a run; raises Invalid for one that leads elsewhere, however it is written."""
    if len(path) > LONGEST_PATH:
        raise Invalid(
            f"The path has {len(path)} characters; the limit is {LONGEST_PATH}. Choose shorter names.",
            code="bad_path",
        )
    # Whoever decodes the path once more must not be led elsewhere either.
    read, before = path, ""
    while read != before:
        _demand_plain(read, path)
        read, before = unquote(read), read
    return path


def _demand_plain(read: str, path: str) -> None:
    parts = read.split("/")
    if (
        not all(part.strip() and part.strip() not in {".", ".."} for part in parts)
        or "\\" in read
        or "#" in read
        or parts[0].endswith(":")
        or any(category(one) in {"Cc", "Cs"} for one in read)
    ):
        raise Invalid(
            f"Invalid path “{path[:80]}”: name the file below the run, as names joined by / that lead nowhere else.",
            code="bad_path",
        )


def store(run: Run, *, path: str, stream: blobs.Readable, by: User) -> Blob:
    """Keep a content that is meant for a run, outside any transaction; ``put_file`` makes it a file of the run.

    Raises Forbidden, Invalid for the path, TooLarge.
    """
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    return stored(path, stream)


def stored(path: str, stream: blobs.Readable) -> Blob:
    """Keep a content, of the type that its path says; raises Invalid for the path, TooLarge."""
    demand_path(path)
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return blobs.store(stream, max_bytes=settings.MAX_UPLOAD_BYTES, media_type=kind)


def standing(run: Run, path: str) -> Artifact | None:
    """Return the file that stands at a path."""
    return run.artifacts.standing().filter(path=path).select_related("blob").first()


@service
def put_file(run: Run, *, path: str, blob: Blob, by: User) -> Artifact:
    """Make a content the file at a path, in place of the one that is there; the same content changes nothing."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    demand_path(path)
    current = held(run)
    there = standing(current, path)
    if there is not None and there.blob_id == blob.pk:
        return there
    if there is None:
        demand_room(current, path)
    else:
        _end(there, run=current, by=by)
    return put(current, path, blob, by=by)


@service
def remove_files(run: Run, *, path: str, by: User) -> int:
    """Remove the file at a path, or all below a folder, or with "" all; returns how many. Raises NoSuchFile."""
    can(by, Right.CONTRIBUTE, run.experiment.project).enforce()
    current = held(run)
    found = list(below(current, path))
    if path and not found:
        raise NoSuchFile(f"The run {run.pk.hex} has no file {path[:80]}.", code="no_file")
    for one in found:
        _end(one, run=current, by=by)
    return len(found)


def below(run: Run, path: str) -> list[Artifact]:
    """Return the file at a path, or those below it; with "" all of the run."""
    found = _standing_at(run, path)
    return [one for one in found if one.path == path] or found


def within(run: Run, path: str) -> list[Artifact]:
    """Return the files below a folder, by path; with "" all of the run."""
    return [one for one in _standing_at(run, path) if one.path != path]


def _standing_at(run: Run, path: str) -> list[Artifact]:
    found = []
    for values in rows(_STANDING, {"run": run.pk, "path": path}):
        artifact = _ARTIFACT.made(values[: len(_ARTIFACT)])
        artifact.blob = _BLOB.made(values[len(_ARTIFACT) :])
        artifact.run = run
        found.append(artifact)
    return found


def _end(artifact: Artifact, *, run: Run, by: User) -> None:
    ArtifactEnd.objects.create(artifact=artifact, ended_by=by)
    audit.record(
        "experiments.artifact_removed",
        artifact,
        by=by,
        project_id=run.experiment.project_id,
        digest=artifact.blob_id,
    )
