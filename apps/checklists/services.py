"""What is done with checklists."""

from apps.accounts.models import User
from apps.audit import services as audit
from apps.checklists.enums import AnswerValue
from apps.checklists.models import Answer, Checklist
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.policies.queries import pack_of
from apps.projects.permissions import Right, can
from apps.registry.models import Version

SHORTEST_REASON = 10


@service
def open_checklist(version: Version, *, key: str, by: User) -> Checklist:
    """Open a checklist of the policy for a version; one that is open is returned."""
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
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
    expect: int | None = None,
) -> Answer:
    """Answer one item. Against the evidence, or as not applicable, an answer needs its reason."""
    project = checklist.version.model.project
    can(by, Right.ANSWER, project).enforce()
    current = Checklist.objects.select_for_update(of=("self",)).get(pk=checklist.pk)
    governed.demand_version(current, expect)
    form = pack_of(project.policy_revision).checklist(checklist.key)
    question = form.item(item) if form else None
    if form is None or question is None:
        known = ", ".join(one.key for one in form.items) if form else "nothing"
        raise Invalid(f"The checklist has no item “{item[:40]}”. It has: {known}.", code="unknown_item")
    if value not in AnswerValue.values:
        raise Invalid(f"Answer {', '.join(AnswerValue.values)}, not “{value[:40]}”.", code="unknown_answer")
    if value == AnswerValue.NOT_APPLICABLE and not question.na_allowed:
        raise Invalid("This item applies to every model; answer yes or no.", code="must_apply")
    overrules = bool(question.expression)
    if (overrules or value == AnswerValue.NOT_APPLICABLE) and len(reason.strip()) < SHORTEST_REASON:
        what = "overrule what the evidence says" if overrules else "call it not applicable"
        raise Invalid(
            f"Give the reason, in {SHORTEST_REASON} characters or more, why you {what}.",
            code="reason_missing",
        )
    if evidence_url and not evidence_url.startswith(("https://", "http://")):
        raise Invalid("A link to evidence begins with https:// or http://.", code="bad_url")
    governed.change(current)
    given = Answer.objects.create(
        checklist=current,
        item=item,
        value=value,
        reason=reason.strip(),
        evidence_url=evidence_url,
        overrules=overrules,
        answered_by=by,
    )
    kind = "checklists.item_overruled" if overrules else "checklists.item_answered"
    audit.record(
        kind,
        current,
        by=by,
        project_id=project.pk,
        item=question.question,
        key=item,
        value=value,
        reason=given.reason,
    )
    checklist.refresh_from_db()
    return given
