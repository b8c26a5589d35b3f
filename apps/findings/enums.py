"""States of a finding, and what may be decided about it."""

from django.db.models import TextChoices


class FindingKind(TextChoices):
    """A mistake of the method (M12), or a kill criterion (M1.2) that asks for a decision."""

    MISTAKE = "mistake", "Mistake"
    KILL = "kill", "Kill criterion"


class FindingState(TextChoices):
    OPEN = "open", "Open"
    SET_ASIDE = "set_aside", "Set aside"
    STOPPED = "stopped", "The project is stopped"
    GONE = "gone", "No longer so"


MOVES: dict[str, frozenset[str]] = {
    FindingState.OPEN: frozenset({FindingState.SET_ASIDE, FindingState.STOPPED, FindingState.GONE}),
    FindingState.SET_ASIDE: frozenset(
        {FindingState.OPEN, FindingState.SET_ASIDE, FindingState.STOPPED, FindingState.GONE}
    ),
    FindingState.STOPPED: frozenset({FindingState.SET_ASIDE}),
    FindingState.GONE: frozenset(),
}


class Choice(TextChoices):
    """What a person decides: to go on in spite of it until a day, or to stop the project."""

    GO_ON = "go_on", "Go on until a day"
    STOP = "stop", "Stop the project"
