"""Who decides about findings."""

from apps.accounts.models import User
from apps.core.errors import Decision, denied
from apps.projects.models import Project
from apps.projects.permissions import Right, can


def can_decide(user: User, project: Project) -> Decision:
    """Decide whether ``user`` may set a finding aside or stop the project: its owners and risk officers, in person."""
    if not user.is_person:
        return denied("Only a person decides about a finding; a token cannot.", code="person_needed")
    return can(user, Right.DECIDE, project)
