"""What a card rests on: what was made and measured of a version, without what people say about it."""

from apps.evidence.services import collect
from apps.registry.models import Version

#: Costs begin anew each month, and answers, scores and the card itself are what people say.
_FIRST_LEFT_OUT = "apps.costs.evidence"


def basis_digest(version: Version) -> str:
    """Return the SHA-256 of what a text of the card can be about: project, data, runs, files, checks and evaluations."""
    return collect(version, before=_FIRST_LEFT_OUT).digest
