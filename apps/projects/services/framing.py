"""What is done to frame a project: reasons to stop, rules or machine learning, and its risk tier (M1)."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid, denied, not_now
from apps.core.reasons import demand_reason
from apps.policies.criteria import Criterion, expression_faults
from apps.policies.expressions import reading
from apps.policies.judge import State, judge
from apps.policies.loading import vocabulary
from apps.policies.method import own_facts
from apps.policies.method.framing import ANSWERS, UNSET, Tiers, recommend
from apps.policies.queries import pack_of
from apps.projects.locking import locked
from apps.projects.models import Approach, KillCriterion, Project, RiskTier
from apps.projects.permissions import Right, can

LONGEST_NOTE = 2000
#: A value of each type that the vocabulary knows, to try an expression on.
EXAMPLES: dict[str, Any] = {"text": "", "boolean": True, "integer": 1, "list": []}


@service
def add_kill_criterion(project: Project, *, title: str, expression: str, by: User) -> KillCriterion:
    """Add a reason to stop that is the project's own; raises Invalid for what cannot be judged."""
    can(by, Right.MANAGE, project).enforce()
    text, name = expression.strip(), title.strip()
    if not name:
        raise Invalid("Say in a few words when to stop.", code="title_missing", field="title")
    _demand_rule(text)
    made = KillCriterion.objects.create(project=project, title=name, expression=text, created_by=by)
    audit.record(
        "projects.kill_criterion_added", made, by=by, project_id=project.pk, expression=text, title=name
    )
    return made


def _demand_rule(text: str) -> None:
    """Check an expression as the expressions of a policy are checked."""
    if not text:
        raise _bad_rule("Write an expression over evidence, for example evaluation.lift_over_random <= 0.1.")
    faults = [
        sentence
        for _, sentence in expression_faults({"framing": {"expression": text}}, vocabulary(), own_facts)
    ]
    if faults:
        raise _bad_rule(" ".join(faults))
    read = reading(text)
    if not read.needed and not read.guarded:
        raise _bad_rule("The expression reads no evidence, so its answer would never change. Name a fact.")
    tried = judge(Criterion("tried", "", text), example_of((*read.needed, *read.guarded)))
    if tried.state == State.MISSING and not tried.missing:
        raise _bad_rule(f"{tried.reason} Compare each fact with a value of its own type.")


def example_of(paths: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """Return facts of the right types at these paths, to try an expression on."""
    found: dict[str, Any] = {}
    for steps in paths:
        fact = vocabulary().fact_of(".".join(steps)) or own_facts("framing").fact_of(".".join(steps))
        branch = found
        for step in steps[:-1]:
            branch = branch.setdefault(step, {})
        branch[steps[-1]] = (
            EXAMPLES.get(fact.type, 1.0) if fact and fact.path.count(".") == len(steps) - 1 else {}
        )
    return found


def _bad_rule(sentence: str) -> Invalid:
    return Invalid(sentence, code="bad_expression", field="expression")


@service
def retire_kill_criterion(criterion: KillCriterion, *, reason: str, by: User) -> KillCriterion:
    """Stop judging a criterion of the project's own; it stays on record with the reason."""
    project = criterion.project
    can(by, Right.MANAGE, project).enforce()
    locked = KillCriterion.objects.select_for_update(of=("self",)).get(pk=criterion.pk)
    if locked.retired_at is not None:
        not_now("This criterion is retired already.", code="retired_already").enforce()
    said = demand_reason(reason, ask="Say why the project goes on without this criterion,")
    governed.change(locked, retired_at=Now(), retired_reason=said)
    audit.record("projects.kill_criterion_retired", locked, by=by, project_id=project.pk, reason=said)
    return locked


@service
def answer_approach(
    project: Project, *, answers: Mapping[str, str], by: User, notes: Mapping[str, str] | None = None
) -> Approach:
    """Answer every signal of the policy with yes, no or unsure; the newest answers count (M1.3)."""
    can(by, Right.CONTRIBUTE, project).enforce()
    framing = pack_of(project.policy_revision).method.framing
    said = notes or {}
    keys = [one.key for one in framing.signals]
    if not keys:
        not_now("The policy of this project asks nothing here.", code="no_signals").enforce()
    _demand_keys([*answers, *said], keys, "signal")
    open_ones = [one.question for one in framing.signals if answers.get(one.key) not in ANSWERS]
    if open_ones:
        raise Invalid(
            f"Answer yes, no or unsure to: {' '.join(open_ones)}", code="answers_missing", missing=open_ones
        )
    too_long = [key for key, note in said.items() if len(note) > LONGEST_NOTE]
    if too_long:
        raise Invalid(f"The note of {too_long[0]} is over {LONGEST_NOTE} characters.", code="note_too_long")
    kept = {key: {"answer": answers[key], "note": said.get(key, "").strip()} for key in keys}
    found = recommend(framing, answers)
    assert found is not None, "every signal has an answer"
    made = Approach.objects.create(
        project=project, policy_revision=project.policy_revision, answers=kept, answered_by=by
    )
    audit.record(
        "projects.approach_answered",
        made,
        by=by,
        project_id=project.pk,
        recommended=found.title,
        answers=kept,
    )
    return made


@service
def set_tier(
    project: Project, *, answers: Mapping[str, str], reason: str, by: User, expect: int | None = None
) -> RiskTier:
    """Rate the risk of a project; the tier follows from the answers by the policy. Takes a person.

    Raises Conflict when ``expect`` is not the tier's version any more.
    """
    if not by.is_person:
        denied("A person rates the risk; a token cannot.", code="person_needed").enforce()
    can(by, Right.MANAGE, project).enforce()
    tiers = pack_of(project.policy_revision).method.framing.tiers
    if not tiers.levels:
        not_now("The policy of this project knows no tiers.", code="no_tiers").enforce()
    points = _points(tiers, answers)
    level = tiers.level_at(points)
    said = demand_reason(reason, ask="Say why these answers are right,")
    fields: dict[str, Any] = {
        "level": level.key,
        "title": level.title,
        "points": points,
        "answers": dict(answers),
        "reason": said,
        "set_by": by,
    }
    locked(project)
    tier = RiskTier.objects.filter(project=project).first()
    governed.demand_version(tier, expect)
    before = tier.level if tier else UNSET
    if tier is None:
        tier = RiskTier.objects.create(project=project, **fields)
    else:
        governed.change(tier, **fields)
    audit.record(
        "projects.tier_set",
        tier,
        by=by,
        project_id=project.pk,
        before=before,
        level=level.key,
        answers=dict(answers),
        reason=said,
    )
    return tier


def _points(tiers: Tiers, answers: Mapping[str, str]) -> int:
    _demand_keys(answers, [one.key for one in tiers.questions], "question")
    total = 0
    for question in tiers.questions:
        given = answers.get(question.key, "")
        option = question.option(given)
        if option is None:
            known = ", ".join(one.key for one in question.options)
            sentence = (
                f"{question.title}: choose one of {known}."
                if not given
                else f"{question.title} has no option “{given[:60]}”. Choose one of {known}."
            )
            raise Invalid(sentence, code="unknown_option", field=question.key)
        total += option.points
    return total


def _demand_keys(given: Iterable[str], known: list[str], what: str) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" There are {', '.join(known)}."
            raise Invalid(f"The policy has no {what} “{key[:60]}”.{hint}", code=f"unknown_{what}")
