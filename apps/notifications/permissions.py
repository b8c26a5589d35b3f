"""Who may manage webhooks: they carry what is known about a project out of the house."""

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied
from apps.projects.models import Project
from apps.projects.permissions import Right, can


def can_manage_webhooks(user: User, project: Project | None) -> Decision:
    """Decide by the role: owners for a project's, administrators for the site's (``project`` None)."""
    if project is None:
        if user.is_person and user.is_administrator:
            return ALLOWED
        return denied("The webhooks of the site are managed by administrators.")
    if can(user, Right.MANAGE, project):
        return ALLOWED
    return denied("Webhooks are managed by the owners of the project. Ask one of them.")
