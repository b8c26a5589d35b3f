"""Read checklists: the policy's questions with automatic and human answers side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from apps.checklists.enums import AnswerValue
from apps.checklists.models import Answer, Checklist
from apps.policies import pack as packs
from apps.policies.judge import State, Verdict, judge
from apps.policies.pack import Criterion
from apps.policies.queries import pack_of
from apps.registry.models import Version


@dataclass(frozen=True)
class Line:
    """One item: what the evidence says, what a person said, and which of the two counts."""

    item: packs.Item
    automatic: Verdict | None
    answer: Answer | None

    @property
    def value(self) -> str | None:
        """The answer that counts: a person's, else the evidence's; None is open."""
        if self.answer is not None:
            return self.answer.value
        if self.automatic is None or self.automatic.state == State.MISSING:
            return None
        return AnswerValue.YES if self.automatic.state == State.PASS else AnswerValue.NO

    @property
    def by_evidence(self) -> bool:
        return self.answer is None and self.automatic is not None


@dataclass(frozen=True)
class Sheet:
    """A checklist of a version as it stands."""

    key: str
    title: str
    about: str
    checklist: Checklist | None
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def answered(self) -> int:
        return sum(1 for line in self.lines if line.value is not None)

    @property
    def failed(self) -> int:
        return sum(1 for line in self.lines if line.value == AnswerValue.NO)

    @property
    def complete(self) -> bool:
        return self.answered == self.total


def answers_of(checklist: Checklist | None) -> dict[str, Answer]:
    """Return the newest answer of each item."""
    if checklist is None:
        return {}
    newest = (
        Answer.objects.filter(checklist=checklist)
        .select_related("answered_by")
        .order_by("item", "-created_at", "-id")
        .distinct("item")
    )
    return {answer.item: answer for answer in newest}


def sheet_of(version: Version, key: str, facts: Mapping[str, Any]) -> Sheet:
    """Return a checklist of the policy for a version, judged on ``facts``; raises Http404 for an unknown key."""
    form = pack_of(version.model.project.policy_revision).checklist(key)
    if form is None:
        raise Http404
    checklist = Checklist.objects.filter(version=version, key=key).first()
    return _sheet(form, checklist, facts)


def sheets_of(version: Version, facts: Mapping[str, Any]) -> list[Sheet]:
    """Return every checklist of the policy, opened or not."""
    opened = {checklist.key: checklist for checklist in version.checklists.all()}
    forms = pack_of(version.model.project.policy_revision).checklists
    return [_sheet(form, opened.get(form.key), facts) for form in forms]


def _sheet(form: packs.Checklist, checklist: Checklist | None, facts: Mapping[str, Any]) -> Sheet:
    answers = answers_of(checklist)
    lines = tuple(Line(item, automatic(item, facts), answers.get(item.key)) for item in form.items)
    return Sheet(form.key, form.title, form.about, checklist, lines)


def automatic(item: packs.Item, facts: Mapping[str, Any]) -> Verdict | None:
    """Return what the evidence answers to an item, if the policy lets it answer."""
    return judge(Criterion(item.key, item.question, item.expression), facts) if item.expression else None
