"""Read checklists: the policy's questions with automatic and human answers side by side."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.checklists.enums import AnswerValue, Standing
from apps.checklists.models import Answer, AnswerEvidence, Assignment, Checklist, Comment
from apps.core.canonical import canonical_json
from apps.core.memory import once
from apps.evidence.services import collect
from apps.policies.checklists import Checklist as Form
from apps.policies.checklists import Item
from apps.policies.judge import State, Verdict, judge
from apps.policies.pack import Criterion
from apps.policies.queries import pack_of
from apps.projects.queries import project_ids_for
from apps.registry.models import Version

MODULE = "apps.checklists.evidence"


@dataclass(frozen=True)
class Line:
    """One item: what the evidence says, what a person said, and which of the two counts."""

    item: Item
    automatic: Verdict | None
    answer: Answer | None
    evidence: tuple[AnswerEvidence, ...] = ()
    comments: tuple[Comment, ...] = ()
    assignment: Assignment | None = None

    @property
    def standing(self) -> Standing | None:
        """Whether a person's answer counts: it was given to this question, on the facts that are there now."""
        if self.answer is None:
            return None
        asked = (self.answer.question, self.answer.expression)
        barred = self.answer.value == AnswerValue.NOT_APPLICABLE and not self.item.na_allowed
        if asked != (self.item.question, self.item.expression) or barred:
            return Standing.TO_CONFIRM
        if self.answer.overrules and self.answer.facts != facts_read(self.automatic):
            return Standing.STALE
        return Standing.COUNTS

    @property
    def is_in_doubt(self) -> bool:
        """A person's answer is there that does not count until it is confirmed."""
        return self.standing in (Standing.STALE, Standing.TO_CONFIRM)

    @property
    def value(self) -> str | None:
        """The answer that counts: a person's, else the evidence's; None is open, and so is one in doubt."""
        if self.answer is not None:
            return self.answer.value if self.standing == Standing.COUNTS else None
        if self.automatic is None or self.automatic.state == State.MISSING:
            return None
        return AnswerValue.YES if self.automatic.state == State.PASS else AnswerValue.NO

    @property
    def by_evidence(self) -> bool:
        return self.answer is None and self.automatic is not None

    @property
    def needs_evidence(self) -> bool:
        """A person said yes, and showed nothing for it."""
        said = self.answer is not None and self.value == AnswerValue.YES
        return said and not (self.answer and self.answer.evidence_url) and not self.evidence


@dataclass(frozen=True)
class Sheet:
    """A checklist of a version as it stands.

    ``current`` tells whether it asks what the project's policy asks now; ``applies`` whether the policy asks it of this
    version at all.
    """

    key: str
    title: str
    about: str
    checklist: Checklist | None
    lines: tuple[Line, ...]
    current: bool = True
    applies: bool = True
    offered: bool = field(default=True)

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
    def in_doubt(self) -> int:
        """How many answers of people do not count until they are confirmed."""
        return sum(1 for line in self.lines if line.is_in_doubt)

    @property
    def without_evidence(self) -> int:
        return sum(1 for line in self.lines if line.needs_evidence)

    @property
    def complete(self) -> bool:
        """Every item of the policy of now has an answer that counts."""
        return self.current and self.answered == self.total

    @property
    def next_open(self) -> Line | None:
        """The first item that waits for an answer."""
        return next((line for line in self.lines if line.value is None), None)


def facts_read(verdict: Verdict | None) -> list[list[Any]] | None:
    """Return what a verdict looked at as JSON: path and value of each fact, so that it can be kept and compared."""
    if verdict is None:
        return None
    return list(json.loads(canonical_json([[path, value] for path, value in verdict.looked_at])))


def judged_on(version: Version) -> dict[str, Any]:
    """Return the facts that checklists are judged on: those of the modules that come before them."""
    return collect(version, before=MODULE).document


def asked(form: Form | None) -> tuple[tuple[object, ...], ...]:
    """Return what a checklist asks, without the words around it: it decides whether an old one is still current."""
    items = form.items if form else ()
    return tuple((one.key, one.question, one.expression, one.na_allowed) for one in items)


def form_of(checklist: Checklist | None, version: Version, key: str) -> tuple[Form | None, bool]:
    """Return the questions of a checklist, and whether they are those of the project's policy now.

    One that was opened is read under its own revision, unless the policy of now asks the same.
    """
    offered = pack_of(version.model.project.policy_revision).checklist(key)
    if checklist is None:
        return offered, True
    own = pack_of(checklist.policy_revision).checklist(key)
    return (offered, True) if asked(offered) == asked(own) else (own, False)


def applies(form: Form, facts: Mapping[str, Any]) -> bool:
    """Tell whether a checklist is asked: one with a ``when`` only where it holds."""
    return not form.when or judge(Criterion(form.key, form.title, form.when), facts).state == State.PASS


def sheet_of(version: Version, key: str, facts: Mapping[str, Any]) -> Sheet:
    """Return a checklist with all that belongs to it, judged on ``facts``; raises Http404 for an unknown key."""
    checklist = _opened(version).filter(key=key).first()
    form, current = form_of(checklist, version, key)
    if form is None:
        raise Http404
    offered = pack_of(version.model.project.policy_revision).checklist(key) is not None
    if checklist is None:
        return _sheet(form, None, facts, {}, current=current, offered=offered)
    answers = _answers([checklist.pk])[checklist.pk]
    return _sheet(
        form, checklist, facts, answers, beside=_beside(checklist), current=current, offered=offered
    )


def sheets_of(version: Version, facts: Mapping[str, Any]) -> list[Sheet]:
    """Return every checklist that the policy asks of a version, opened or not; two queries."""
    opened, answers = _filled(version)
    found = []
    for offered in pack_of(version.model.project.policy_revision).checklists:
        if not applies(offered, facts):
            continue
        checklist = opened.get(offered.key)
        form, current = form_of(checklist, version, offered.key)
        given = answers[checklist.pk] if checklist else {}
        found.append(_sheet(form or offered, checklist, facts, given, current=current))
    return found


def _opened(version: Version) -> QuerySet[Checklist]:
    return Checklist.objects.filter(version=version).select_related("policy_revision__pack")


@once
def _filled(version: Version) -> tuple[dict[str, Checklist], dict[UUID, dict[str, Answer]]]:
    """Return the opened checklists by key, and the newest answers of each."""
    opened = {checklist.key: checklist for checklist in _opened(version)}
    return opened, _answers([one.pk for one in opened.values()])


def _answers(checklists: list[UUID]) -> dict[UUID, dict[str, Answer]]:
    """Return the newest answer of each item of each checklist."""
    found: dict[UUID, dict[str, Answer]] = {pk: {} for pk in checklists}
    newest = (
        Answer.objects.filter(checklist__in=checklists)
        .select_related("answered_by", "answered_by__owner")
        .order_by("checklist", "item", "-created_at", "-id")
        .distinct("checklist", "item")
    )
    for answer in newest if checklists else ():
        found[answer.checklist_id][answer.item] = answer
    return found


@dataclass(frozen=True)
class Beside:
    """What belongs to the items of a checklist beside the answers, by item."""

    evidence: Mapping[str, list[AnswerEvidence]] = field(default_factory=dict)
    comments: Mapping[str, list[Comment]] = field(default_factory=dict)
    assignments: Mapping[str, Assignment] = field(default_factory=dict)


def _beside(checklist: Checklist) -> Beside:
    evidence: dict[str, list[AnswerEvidence]] = {}
    rows = AnswerEvidence.objects.filter(answer__checklist=checklist).order_by("id")
    for one in rows.select_related("answer__answered_by__owner", "blob", "evaluation__prediction_set"):
        evidence.setdefault(one.answer.item, []).append(one)
    comments: dict[str, list[Comment]] = {}
    for said in checklist.comments.select_related("written_by__owner").order_by("created_at", "id"):
        comments.setdefault(said.item, []).append(said)
    newest = (
        checklist.assignments.select_related("assignee__owner", "assigned_by")
        .order_by("item", "-created_at", "-id")
        .distinct("item")
    )
    return Beside(evidence, comments, {one.item: one for one in newest})


def _sheet(
    form: Form,
    checklist: Checklist | None,
    facts: Mapping[str, Any],
    answers: Mapping[str, Answer],
    *,
    beside: Beside | None = None,
    current: bool,
    offered: bool = True,
) -> Sheet:
    more = beside or Beside()
    lines = tuple(
        Line(
            item,
            automatic(item, facts),
            answers.get(item.key),
            tuple(more.evidence.get(item.key, ())),
            tuple(more.comments.get(item.key, ())),
            more.assignments.get(item.key),
        )
        for item in form.items
    )
    return Sheet(form.key, form.title, form.about, checklist, lines, current, applies(form, facts), offered)


def automatic(item: Item, facts: Mapping[str, Any]) -> Verdict | None:
    """Return what the evidence answers to an item, if the policy lets it answer."""
    return judge(Criterion(item.key, item.question, item.expression), facts) if item.expression else None


def evidence_for(user: User, pk: UUID) -> AnswerEvidence:
    """Load a file that an answer rests on; raises Http404 for a stranger, and for what is no file."""
    found = (
        AnswerEvidence.objects.filter(answer__checklist__version__model__project__in=project_ids_for(user))
        .select_related("blob")
        .filter(pk=pk, blob__isnull=False)
        .first()
    )
    if found is None:
        raise Http404
    return found


def assigned_to(user: User) -> QuerySet[Assignment]:
    """Return the items that wait for this person's answer, the most urgent first.

    Only the newest assignment of an item counts, and one is done when anybody answered after it was given.
    """
    same = {"checklist": OuterRef("checklist"), "item": OuterRef("item")}
    newer = Assignment.objects.filter(**same, created_at__gt=OuterRef("created_at"))
    answered = Answer.objects.filter(**same, created_at__gt=OuterRef("created_at"))
    return (
        Assignment.objects.filter(assignee=user, checklist__version__model__project__in=project_ids_for(user))
        .exclude(Exists(newer))
        .exclude(Exists(answered))
        .select_related("checklist__version__model__project", "checklist__policy_revision", "assigned_by")
        .order_by("due_on", "created_at")
    )
