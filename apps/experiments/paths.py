"""What a path of a run's files may be."""

from apps.core.errors import Invalid
from apps.experiments.models import Run


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
