"""The part ``framing`` of a pack: kill criteria, rules or machine learning, and the risk tier of a project (M1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.policies.criteria import Criterion, criterion_of
from apps.policies.vocabulary import Fact

Path = tuple[str | int, ...]
#: What only kill criteria may read: figures of a project's own clock, which are no evidence because they grow alone.
OWN_FACTS: tuple[Fact, ...] = (
    Fact(
        "clock.days_data_under_minimum",
        "number",
        "days",
        "For how long the weakest data source has been under the minimum; 0 where it is not.",
        live=True,
    ),
)
RULES, ML, BOTH, HYBRID = "rules", "ml", "both", "hybrid"
YES, NO, UNSURE = "yes", "no", "unsure"
ANSWERS = (YES, NO, UNSURE)
#: The tier of a project whose risk nobody has rated; it gets what a pack asks for without a condition.
UNSET = "unset"


@dataclass(frozen=True)
class Signal:
    """A question; a yes points to rules, machine learning or both, a no to ``otherwise`` where the pack says so."""

    key: str
    question: str
    points_to: str
    because: str
    otherwise: str = ""
    method: str = ""

    def direction(self, answer: str) -> str:
        """Return where an answer points: rules, ml, both, or nowhere."""
        return {YES: self.points_to, NO: self.otherwise}.get(answer, "")


@dataclass(frozen=True)
class Outcome:
    """What a recommendation is called, and what to do then."""

    title: str
    advice: str


@dataclass(frozen=True)
class Reason:
    """A signal that pointed somewhere, with the answer that made it so."""

    key: str
    question: str
    answer: str
    direction: str
    because: str


@dataclass(frozen=True)
class Recommendation:
    """Rules, machine learning, or heuristics first and machine learning where they fail (hybrid)."""

    key: str
    title: str
    advice: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Option:
    key: str
    title: str
    points: int


@dataclass(frozen=True)
class TierQuestion:
    key: str
    title: str
    question: str
    options: tuple[Option, ...]

    def option(self, key: str) -> Option | None:
        """Return the option with this key, or None."""
        return next((one for one in self.options if one.key == key), None)


@dataclass(frozen=True)
class Level:
    """A tier: from so many points, and what follows in words."""

    key: str
    title: str
    starts: int
    about: str


@dataclass(frozen=True)
class Tiers:
    """How the risk of a project is rated; ``levels`` rise."""

    questions: tuple[TierQuestion, ...] = ()
    levels: tuple[Level, ...] = ()

    def question(self, key: str) -> TierQuestion | None:
        """Return the question with this key, or None."""
        return next((one for one in self.questions if one.key == key), None)

    def level(self, key: str) -> Level | None:
        """Return the tier with this key, or None."""
        return next((one for one in self.levels if one.key == key), None)

    def level_at(self, points: int) -> Level:
        """Return the highest tier that begins at or under ``points``."""
        return [one for one in self.levels if one.starts <= points][-1]


@dataclass(frozen=True)
class Framing:
    """What the pack says of framing. A kill criterion that holds is a reason to stop."""

    kill_criteria: tuple[Criterion, ...] = ()
    signals: tuple[Signal, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    tiers: Tiers = field(default_factory=Tiers)


def recommend(framing: Framing, answers: Mapping[str, str]) -> Recommendation | None:
    """Weigh the answers (signal -> yes, no, unsure); None until every signal of the pack has one.

    Signals that all point one way decide. Where they disagree, heuristics come first and machine learning where they
    fail; where nothing points anywhere, rules: they are cheaper to be wrong with.
    """
    if not framing.signals or any(answers.get(one.key) not in ANSWERS for one in framing.signals):
        return None
    reasons = tuple(
        Reason(one.key, one.question, answers[one.key], direction, one.because)
        for one in framing.signals
        if (direction := one.direction(answers[one.key]))
    )
    towards = {one.direction for one in reasons}
    outcome = HYBRID if {RULES, ML} <= towards else ML if ML in towards else RULES
    said = framing.outcomes[outcome]
    return Recommendation(outcome, said.title, said.advice, reasons)


def of(entry: Mapping[str, Any]) -> Framing:
    """Build the part from data that was checked before."""
    return Framing(
        kill_criteria=tuple(criterion_of(one) for one in entry.get("kill_criteria", [])),
        signals=tuple(Signal(**one) for one in entry.get("signals", [])),
        outcomes={key: Outcome(**one) for key, one in entry.get("outcomes", {}).items()},
        tiers=_tiers(entry.get("tiers", {})),
    )


def _tiers(entry: Mapping[str, Any]) -> Tiers:
    return Tiers(
        questions=tuple(
            TierQuestion(**{**one, "options": tuple(Option(**option) for option in one["options"])})
            for one in entry.get("questions", [])
        ),
        levels=tuple(
            Level(one["key"], one["title"], one["from"], one["about"]) for one in entry.get("levels", [])
        ),
    )


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield path and sentence of what the schema cannot say."""
    for name in ("kill_criteria", "signals"):
        yield from _twice(entry.get(name, []), (name,))
    if entry.get("signals") and "outcomes" not in entry:
        yield (
            ("signals",),
            "There are signals and no 'outcomes'. Say what rules, ml and hybrid are called.",
        )
    if "tiers" in entry:
        yield from _tier_faults(entry["tiers"], ("tiers",))


def _tier_faults(tiers: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    questions, levels = tiers["questions"], tiers["levels"]
    yield from _twice(questions, (*path, "questions"))
    for index, question in enumerate(questions):
        yield from _twice(question["options"], (*path, "questions", index, "options"))
    yield from _twice(levels, (*path, "levels"))
    most = sum(max(option["points"] for option in one["options"]) for one in questions)
    before = -1
    for index, level in enumerate(levels):
        here = (*path, "levels", index)
        if level["key"] == UNSET:
            yield (*here, "key"), f"'{UNSET}' is what a project without a tier has. Name the tier otherwise."
        if level["from"] <= before or (index == 0 and level["from"] != 0):
            yield (*here, "from"), "The first tier begins at 0, and each one above the one before it."
        if level["from"] > most:
            yield (*here, "from"), f"No answers give more than {most} points, so no project gets here."
        before = level["from"]


def _twice(entries: list[Mapping[str, Any]], path: Path) -> Iterator[tuple[Path, str]]:
    keys = [one["key"] for one in entries]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield (*path, index, "key"), f"The key '{key}' is used twice here."
