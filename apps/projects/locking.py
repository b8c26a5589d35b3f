"""How two people who write the same thing at once wait for each other."""

from apps.projects.models import Project


def locked(project: Project) -> Project:
    """Return the project under a lock for who adds rows that must not be there twice; readers and foreign keys go on."""
    return Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
