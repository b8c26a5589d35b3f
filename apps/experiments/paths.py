"""What a path of a run's files may be, and the row and record of a file under one."""

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Invalid
from apps.core.models import Blob
from apps.experiments.models import Artifact, Run


def demand_room(run: Run, path: str) -> None:
    """Raise Invalid where a file stands for a folder of the path, or a folder for the file."""
    parts = path.split("/")
    folders = ["/".join(parts[:length]) for length in range(1, len(parts))]
    files = run.artifacts.standing()
    taken = files.filter(path__in=folders).first() or files.filter(path__startswith=f"{path}/").first()
    if taken is not None:
        raise Invalid(
            f"The run has a file {taken.path}, so {path} cannot be one: a path is a file or a folder. "
            "Choose another path.",
            code="path_taken",
        )


def put(run: Run, path: str, blob: Blob, *, by: User) -> Artifact:
    """Make a content the file at a path that is free, with its event."""
    made = Artifact.objects.create(run=run, path=path, blob=blob, created_by=by)
    audit.record(
        "experiments.artifact_logged",
        made,
        by=by,
        project_id=run.experiment.project_id,
        digest=blob.digest,
        size_bytes=blob.size_bytes,
    )
    return made
