"""What is done with checklists."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.checklists import migrating
from apps.checklists.enums import AnswerValue, EvidenceKind
from apps.checklists.models import Answer, AnswerEvidence, Assignment, Checklist, Comment
from apps.checklists.queries import automatic, facts_read, form_of, judged_on, sheet_of
from apps.core import blobs, governed
from apps.core.clock import today
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.evaluations.models import Evaluation
from apps.notifications.services import announce
from apps.policies.checklists import Item
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.registry.models import Version

SHORTEST_REASON = 10
#: Evidence of an answer is a page to be read, not a data set: 20 MiB.
MAX_EVIDENCE_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Shown:
    """What somebody shows for an answer beside a link: a text, a file, an evaluation of the version."""

    text: str = ""
    file: blobs.Readable | None = None
    file_name: str = ""
    evaluation: UUID | None = None


NOTHING = Shown()


@service
def open_checklist(version: Version, *, key: str, by: User) -> Checklist:
    """Open a checklist of the policy for a version; one that is open is returned."""
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    opened = Checklist.objects.filter(version=version, key=key).first()
    if opened is not None:
        return opened
    form = pack_of(project.policy_revision).checklist(key)
    if form is None:
        known = ", ".join(one.key for one in pack_of(project.policy_revision).checklists)
        raise Invalid(f"The policy has no checklist “{key[:40]}”. It has: {known}.", code="unknown_checklist")
    checklist, fresh = Checklist.objects.get_or_create(
        version=version, key=key, defaults={"policy_revision": project.policy_revision}
    )
    if fresh:
        audit.record(
            "checklists.checklist_opened", checklist, by=by, project_id=project.pk, version=str(version)
        )
    return checklist


@service
def answer(
    checklist: Checklist,
    *,
    item: str,
    value: str,
    by: User,
    reason: str = "",
    evidence_url: str = "",
    shown: Shown = NOTHING,
    expect: int | None = None,
) -> Answer:
    """Answer one item. Against the evidence, or as not applicable, an answer needs its reason.

    An answer to an automatic item remembers the facts that it overruled; when they change, it does not count until it
    is given again.
    """
    current, _ = _locked(checklist, by, expect)
    question = _question(current, item)
    _check_answer(question, value, reason, evidence_url)
    overrules = bool(question.expression)
    verdict = automatic(question, judged_on(current.version)) if overrules else None
    evaluation = _evaluation(current.version, shown.evaluation)
    governed.change(current)
    given = Answer.objects.create(
        checklist=current,
        item=item,
        value=value,
        reason=reason.strip(),
        evidence_url=evidence_url,
        overrules=overrules,
        question=question.question,
        expression=question.expression,
        facts=facts_read(verdict),
        answered_by=by,
    )
    _note(current, given, _keep(given, shown, evaluation))
    checklist.refresh_from_db()
    return given


def _note(checklist: Checklist, given: Answer, kept: list[dict[str, Any]]) -> None:
    about: dict[str, Any] = {"item": given.question, "key": given.item, "value": given.value}
    about["reason"] = given.reason
    if kept:
        about["evidence"] = kept
    kind = "checklists.item_overruled" if given.overrules else "checklists.item_answered"
    project_id = checklist.version.model.project_id
    audit.record(kind, checklist, by=given.answered_by, project_id=project_id, **about)


def _locked(checklist: Checklist, by: User, expect: int | None = None) -> tuple[Checklist, Project]:
    """Demand the right to answer, and return the row of now under a lock."""
    project = checklist.version.model.project
    can(by, Right.ANSWER, project).enforce()
    current = Checklist.objects.select_for_update(of=("self",)).get(pk=checklist.pk)
    governed.demand_version(current, expect)
    current.version = checklist.version
    return current, project


def _question(checklist: Checklist, key: str) -> Item:
    """Return an item that can be answered: the checklist asks it, and the project's policy asks it still."""
    project = checklist.version.model.project
    form, current = form_of(checklist, checklist.version, checklist.key)
    item = form.item(key) if form else None
    if current and item is not None:
        return item
    offered = pack_of(project.policy_revision).checklist(checklist.key)
    if item is not None:
        if offered is None or offered.item(key) is None:
            not_now(
                f"The question “{item.question}” is no longer part of the policy that the project follows. "
                "Take the checklist over to the newer policy; what was answered stays on record.",
                code="item_gone",
            ).enforce()
        return item
    if not current and offered is not None and offered.item(key) is not None:
        not_now(
            f"The question “{key[:40]}” is new in the policy that the project follows now. "
            "Take the checklist over to it, then answer.",
            code="migrate_first",
        ).enforce()
    known = ", ".join(one.key for one in form.items) if form else "nothing"
    raise Invalid(f"The checklist has no item “{key[:40]}”. It has: {known}.", code="unknown_item")


def _check_answer(question: Item, value: str, reason: str, evidence_url: str) -> None:
    if value not in AnswerValue.values:
        raise Invalid(f"Answer {', '.join(AnswerValue.values)}, not “{value[:40]}”.", code="unknown_answer")
    if value == AnswerValue.NOT_APPLICABLE and not question.na_allowed:
        raise Invalid("This item applies to every model; answer yes or no.", code="must_apply")
    needs_reason = question.expression or value == AnswerValue.NOT_APPLICABLE
    if needs_reason and len(reason.strip()) < SHORTEST_REASON:
        what = "overrule what the evidence says" if question.expression else "call it not applicable"
        raise Invalid(
            f"Give the reason, in {SHORTEST_REASON} characters or more, why you {what}.",
            code="reason_missing",
            field="reason",
        )
    if evidence_url and not evidence_url.startswith(("https://", "http://")):
        raise Invalid("A link to evidence begins with https:// or http://.", code="bad_url")


def _evaluation(version: Version, pk: UUID | None) -> Evaluation | None:
    if pk is None:
        return None
    found = Evaluation.objects.filter(version=version, pk=pk).first()
    if found is None:
        raise Invalid(
            f"{version} has no such evaluation. Choose one of its own as evidence.",
            code="unknown_evaluation",
            field="evaluation",
        )
    return found


def _keep(given: Answer, shown: Shown, evaluation: Evaluation | None) -> list[dict[str, Any]]:
    """Write what was shown, and return it as the audit log keeps it."""
    kept: list[dict[str, Any]] = []
    if shown.text.strip():
        AnswerEvidence.objects.create(answer=given, kind=EvidenceKind.TEXT, text=shown.text.strip())
        kept.append({"kind": "text"})
    if shown.file is not None:
        blob = blobs.store(shown.file, max_bytes=MAX_EVIDENCE_BYTES)
        if blob.size_bytes == 0:
            raise Invalid("The file is empty. Send the file that shows it.", code="empty_file", field="file")
        name = shown.file_name.replace("\\", "/").rsplit("/", 1)[-1][:200] or "evidence"
        AnswerEvidence.objects.create(answer=given, kind=EvidenceKind.FILE, blob=blob, file_name=name)
        kept.append({"kind": "file", "name": name, "sha256": blob.digest})
    if evaluation is not None:
        AnswerEvidence.objects.create(answer=given, kind=EvidenceKind.EVALUATION, evaluation=evaluation)
        kept.append({"kind": "evaluation", "id": str(evaluation.pk)})
    return kept


@service
def assign(
    checklist: Checklist,
    *,
    item: str,
    by: User,
    assignee: UUID | None,
    due_on: datetime.date | None = None,
) -> Assignment:
    """Give an item to a member who may answer, with a day by which; without a member it is taken back."""
    current, project = _locked(checklist, by)
    question = _question(current, item)
    person = _assignee(project, assignee)
    if due_on is not None and due_on < today():
        raise Invalid(f"{due_on} is over. Choose a day to come.", code="due_in_past", field="due_on")
    governed.change(current)
    given = Assignment.objects.create(
        checklist=current,
        item=item,
        question=question.question,
        assignee=person,
        due_on=due_on if person else None,
        assigned_by=by,
    )
    _tell(current, given)
    checklist.refresh_from_db()
    return given


def _tell(checklist: Checklist, given: Assignment) -> None:
    """Record an assignment, and tell whom it is given to."""
    project, by, person = checklist.version.model.project, given.assigned_by, given.assignee
    about = {"item": given.question, "key": given.item}
    if person is None:
        audit.record("checklists.item_unassigned", checklist, by=by, project_id=project.pk, **about)
        return
    due = f"{given.due_on:%Y-%m-%d}" if given.due_on else "on no day"
    about |= {"assignee": str(person), "due": due}
    audit.record("checklists.item_assigned", checklist, by=by, project_id=project.pk, **about)
    address = reverse("checklists:checklist", args=[checklist.version_id, checklist.key])
    announce(
        "checklists.assigned",
        given,
        project=project,
        to=[person] if person.person_id != by.person_id else [],
        by=by,
        link=f"{address}#{given.item}",
        item=given.question,
        version=str(checklist.version),
        due=due,
    )


def _assignee(project: Project, pk: UUID | None) -> User | None:
    if pk is None:
        return None
    found = User.objects.filter(pk=pk, memberships__project=project).select_related("owner").first()
    if found is None or not found.is_active or not can(found, Right.ANSWER, project):
        raise Invalid(
            "An item is given to a member of the project who may answer checklists. Choose one of them.",
            code="may_not_answer",
            field="assignee",
        )
    return found


@service
def comment(checklist: Checklist, *, item: str, text: str, by: User) -> Comment:
    """Say something about an item; it can be neither changed nor removed."""
    current, project = _locked(checklist, by)
    form, _ = form_of(current, current.version, current.key)
    question = form.item(item) if form else None
    if question is None:
        raise Invalid(f"The checklist has no item “{item[:40]}”.", code="unknown_item")
    if not text.strip():
        raise Invalid("Write the comment.", code="text_missing", field="text")
    governed.change(current)
    said = Comment.objects.create(checklist=current, item=item, text=text.strip()[:5000], written_by=by)
    audit.record(
        "checklists.item_commented",
        current,
        by=by,
        project_id=project.pk,
        item=question.question,
        key=item,
        text=said.text,
    )
    checklist.refresh_from_db()
    return said


@service
def migrate(
    version: Version, *, key: str, by: User, to: UUID | None = None, expect: int | None = None
) -> migrating.Migration:
    """Take a checklist over to the revision that its project follows, and return what became of each item.

    Answers to items that ask the same count on; others must be confirmed; those to items that are gone stay on record.
    ``to`` is the revision that was previewed: when the project has moved on meanwhile, it is refused.
    """
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    sheet = sheet_of(version, key, judged_on(version))
    migrating.can_migrate(sheet).enforce()
    assert sheet.checklist is not None
    current, _ = _locked(sheet.checklist, by, expect)
    revision = project.policy_revision
    if to is not None and to != revision.pk:
        not_now(
            "The project went over to another policy meanwhile. Look at the preview again.", code="moved_on"
        ).enforce()
    steps = migrating.preview(sheet)
    before = str(current.policy_revision)
    governed.change(current, policy_revision=revision)
    audit.record(
        "checklists.checklist_migrated",
        current,
        by=by,
        project_id=project.pk,
        version=str(version),
        before=before,
        after=str(revision),
        **steps.counts(),
    )
    return steps
