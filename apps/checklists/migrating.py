"""What becomes of a checklist when it goes over to the policy that its project follows now. Reads only."""

from dataclasses import dataclass
from typing import Any

from apps.checklists.enums import Fate
from apps.checklists.queries import Line, Sheet
from apps.core.errors import Decision, not_now
from apps.policies.checklists import Checklist as Form
from apps.policies.checklists import Item
from apps.policies.queries import pack_of


@dataclass(frozen=True)
class Step:
    """One item: what it is now, what it becomes, and whether a person's answer to it is carried over."""

    key: str
    fate: Fate
    before: Item | None
    after: Item | None
    answered: bool

    @property
    def question(self) -> str:
        item = self.after or self.before
        return item.question if item else self.key

    @property
    def carried(self) -> bool:
        """The answer counts on without being confirmed."""
        return self.answered and self.fate == Fate.SAME


@dataclass(frozen=True)
class Migration:
    """A checklist's way to the policy of now, item by item in the new order; what is gone stands last."""

    steps: tuple[Step, ...]

    def count(self, fate: Fate) -> int:
        """Return how many items meet this fate."""
        return sum(1 for step in self.steps if step.fate == fate)

    @property
    def carried(self) -> int:
        return sum(1 for step in self.steps if step.carried)

    @property
    def to_confirm(self) -> int:
        return sum(1 for step in self.steps if step.answered and step.fate == Fate.CHANGED)

    def counts(self) -> dict[str, Any]:
        """Return the figures as the audit log keeps them."""
        fates = {str(fate): self.count(fate) for fate in Fate}
        return {**fates, "carried": self.carried, "to_confirm": self.to_confirm}


def offered_to(sheet: Sheet) -> Form | None:
    """Return the questions that the project's policy has now for this checklist, or None when it dropped it."""
    if sheet.checklist is None:
        return None
    revision = sheet.checklist.version.model.project.policy_revision
    return pack_of(revision).checklist(sheet.key)


def can_migrate(sheet: Sheet) -> Decision:
    """Decide whether there is anything to go over to."""
    if sheet.checklist is None or sheet.current:
        return not_now(
            "This checklist asks what the project's policy asks; nothing is to be taken over.", code="current"
        )
    if offered_to(sheet) is None:
        return not_now(
            "The project's policy has no such checklist any more. It stays as it was filled, to be read.",
            code="checklist_gone",
        )
    return Decision(allowed=True)


def preview(sheet: Sheet) -> Migration:
    """Compare a checklist with what the policy asks now; raises Refused when there is nothing to go over to."""
    can_migrate(sheet).enforce()
    form = offered_to(sheet)
    assert form is not None
    lines = {line.item.key: line for line in sheet.lines}
    steps = [_step(item, lines.get(item.key)) for item in form.items]
    kept = {item.key for item in form.items}
    gone = [
        Step(key, Fate.GONE, line.item, None, line.answer is not None)
        for key, line in lines.items()
        if key not in kept
    ]
    return Migration((*steps, *gone))


def _step(item: Item, line: Line | None) -> Step:
    if line is None:
        return Step(item.key, Fate.NEW, None, item, answered=False)
    same = (line.item.question, line.item.expression) == (item.question, item.expression)
    if not item.na_allowed and line.item.na_allowed:
        same = same and (line.answer is None or line.answer.value != "not_applicable")
    return Step(item.key, Fate.SAME if same else Fate.CHANGED, line.item, item, line.answer is not None)
