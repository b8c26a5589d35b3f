"""Who may decide about an experiment."""

from apps.accounts.models import User
from apps.core.errors import Decision, denied
from apps.experiments.models import Experiment
from apps.projects.permissions import Right, can


def can_give_verdict(user: User, experiment: Experiment) -> Decision:
    """Decide whether ``user`` may give a verdict: whoever contributes, and is a person."""
    allowed = can(user, Right.CONTRIBUTE, experiment.project)
    if allowed and not user.is_person:
        return denied("Only a person can give a verdict; a token cannot.", code="person_needed")
    return allowed
