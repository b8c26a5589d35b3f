"""How two people who write the same thing at once wait for each other."""

from apps.core import statements
from apps.core.statements import Columns
from apps.projects.models import Project

_PROJECT = Columns(Project)
_LOCK = (
    f"SELECT {_PROJECT.of('project')} FROM projects_project project WHERE project.id = %s FOR NO KEY UPDATE"  # noqa: S608
)


def locked(project: Project) -> Project:
    """Return the project under a lock for who adds rows that must not be there twice; readers and foreign keys go on."""
    return _PROJECT.made(statements.rows(_LOCK, [project.pk])[0])
