"""What an approval is bound to, from signature to end: set, come into force, drop, lapse, revive.

In the caller's transaction, under its locks; like ``reviewing``, the acts at the gates call it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.errors import Invalid
from apps.gates.enums import (
    BREACH_MOVES,
    CONDITION_MOVES,
    OBLIGATION_MOVES,
    BreachState,
    ConditionState,
    ObligationState,
)
from apps.gates.models import Approval, Breach, Condition, Obligation, Promotion
from apps.gates.models.conditions import UNTIL
from apps.gates.telling import tell_people
from apps.policies.conditions import Conditional
from apps.policies.queries import pack_of
from apps.registry.enums import PRODUCTION
from apps.registry.models import Version

#: An obligation is words, not a dot; and so many at most, or nobody reads them.
SHORTEST_OBLIGATION = 10
MOST_OBLIGATIONS = 5


@dataclass(frozen=True)
class Chosen:
    """A condition of the policy's templates, with the signer's number where the template takes one."""

    key: str
    limit: float | None = None


@dataclass(frozen=True)
class Owed:
    """What a member of the project owes until ``due_at``."""

    text: str
    owner: UUID
    due_at: datetime


@dataclass(frozen=True)
class Terms:
    """What a signer binds an approval to."""

    conditions: tuple[Chosen, ...] = ()
    until: datetime | None = None
    obligations: tuple[Owed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions or self.until or self.obligations)


def bind(approval: Approval, terms: Terms) -> None:
    """Write what an approval is bound to. Raises Invalid for what the policy or the project does not know."""
    promotion = approval.promotion
    rules = pack_of(promotion.policy_revision).conditional
    if not rules.offered:
        raise Invalid(
            "This project's policy knows no conditional approvals. Approve without conditions, or ask for changes.",
            code="no_conditions",
        )
    for chosen in terms.conditions:
        _choose(approval, chosen, rules)
    if terms.until is not None:
        _demand_future(terms.until, "until", "The approval ends")
        _set(
            approval,
            key=UNTIL,
            title="Approved until a day",
            until=terms.until,
            on_breach=rules.until_on_breach,
        )
    if len(terms.obligations) > MOST_OBLIGATIONS:
        raise Invalid(f"Set {MOST_OBLIGATIONS} obligations at most.", code="too_many")
    for owed in terms.obligations:
        _owe(approval, owed, blocks=rules.overdue_blocks)


def _choose(approval: Approval, chosen: Chosen, rules: Conditional) -> None:
    template = rules.template(chosen.key)
    if template is None:
        known = ", ".join(one.key for one in rules.templates) or "none"
        raise Invalid(
            f"The policy has no condition “{chosen.key[:60]}”. It has {known}.", code="unknown_condition"
        )
    rule = template.parameter
    limit = None
    if rule is not None:
        limit = rule.default if chosen.limit is None else chosen.limit
        if fault := rule.fault(limit):
            raise Invalid(fault, code="bad_limit", field=f"{template.key}_limit")
    _set(
        approval,
        key=template.key,
        title=template.title,
        expression=template.expression,
        limit=limit,
        unit=rule.unit if rule else "",
        on_breach=template.on_breach,
    )


def _set(approval: Approval, **fields: object) -> None:
    version = approval.promotion.version
    condition = Condition.objects.create(
        promotion=approval.promotion, approval=approval, version=version, **fields
    )
    audit.record(
        "gates.condition_set",
        condition,
        by=approval.person,
        project_id=version.model.project_id,
        version=str(version.pk),
        approval=str(approval.pk),
        says=condition.sentence,
    )


def _owe(approval: Approval, owed: Owed, *, blocks: bool) -> None:
    version = approval.promotion.version
    if len(owed.text.strip()) < SHORTEST_OBLIGATION:
        raise Invalid(
            f"Say what is owed, in {SHORTEST_OBLIGATION} characters or more.", code="obligation_short"
        )
    _demand_future(owed.due_at, "obligations", "An obligation is due")
    seats = version.model.project.memberships.filter(user__is_active=True, user__kind="person")
    seat = seats.select_related("user").filter(user=owed.owner).first()
    if seat is None:
        raise Invalid("An obligation is owed by a member of the project. Choose one.", code="not_a_member")
    obligation = Obligation.objects.create(
        promotion=approval.promotion,
        approval=approval,
        version=version,
        text=owed.text.strip(),
        owner=seat.user,
        due_at=owed.due_at,
        blocks=blocks,
    )
    note("gates.obligation_set", obligation, by=approval.person, approval=str(approval.pk))


def _demand_future(moment: datetime, field: str, what: str) -> None:
    if moment <= timezone.now():
        raise Invalid(f"{what} in the future. Choose a later day.", code="not_in_future", field=field)


def come_into_force(promotion: Promotion, *, by: User) -> None:
    """The request is promoted: what its live signatures are bound to holds now, in place of an older approval's."""
    version = promotion.version
    older = Condition.objects.filter(version=version, state=ConditionState.IN_FORCE).exclude(
        promotion=promotion
    )
    for condition in older.filter(promotion__to_stage=promotion.to_stage):
        _end(condition, by=by, because="A newer approval took its place.")
    for condition in _proposed_conditions(promotion):
        if condition.approval.withdrawn_at is not None:
            _move(condition, ConditionState.DROPPED, by=by, event="gates.condition_dropped", closed_at=Now())
        else:
            _move(
                condition, ConditionState.IN_FORCE, by=by, event="gates.condition_in_force", in_force_at=Now()
            )
    for obligation in _proposed_obligations(promotion):
        if obligation.approval.withdrawn_at is not None:
            move_obligation(obligation, ObligationState.DROPPED, by=by, event="gates.obligation_dropped")
            continue
        move_obligation(obligation, ObligationState.OPEN, by=by, event="gates.obligation_in_force")
        tell_people(
            "gates.obligation_in_force",
            obligation,
            [obligation.owner],
            by=None,
            due=f"{obligation.due_at:%Y-%m-%d}",
        )


def drop(promotion: Promotion) -> None:
    """The request is closed without a promotion: what its signatures were bound to never holds."""
    for condition in _proposed_conditions(promotion):
        _move(condition, ConditionState.DROPPED, by=None, event="gates.condition_dropped", closed_at=Now())
    for obligation in _proposed_obligations(promotion):
        move_obligation(obligation, ObligationState.DROPPED, by=None, event="gates.obligation_dropped")


def lapse(version: Version, *, by: User) -> None:
    """The version leaves the stage that it was approved for; what people owe they owe still."""
    held = Condition.objects.filter(version=version, state=ConditionState.IN_FORCE)
    for condition in held.filter(promotion__to_stage=version.stage):
        _end(condition, by=by, because=f"The version left {version.stage}.")


def revive(version: Version, *, by: User) -> None:
    """A rollback puts the version back on its approval of then: what that was bound to holds again."""
    newest = (
        Promotion.objects.filter(version=version, to_stage=PRODUCTION, state="promoted")
        .order_by("-closed_at")
        .first()
    )
    for condition in Condition.objects.filter(promotion=newest, state=ConditionState.OVER):
        _move(
            condition,
            ConditionState.IN_FORCE,
            by=by,
            event="gates.condition_in_force",
            in_force_at=Now(),
            closed_at=None,
        )


def _proposed_conditions(promotion: Promotion) -> list[Condition]:
    found = Condition.objects.filter(promotion=promotion, state=ConditionState.PROPOSED)
    return list(found.select_related("approval", "version__model"))


def _proposed_obligations(promotion: Promotion) -> list[Obligation]:
    found = Obligation.objects.filter(promotion=promotion, state=ObligationState.PROPOSED)
    return list(found.select_related("approval", "version__model", "owner"))


def _end(condition: Condition, *, by: User, because: str) -> None:
    for breach in condition.breaches.filter(state=BreachState.OPEN):
        clear(breach, by=by, because=because)
    _move(condition, ConditionState.OVER, by=by, event="gates.condition_over", closed_at=Now())


def clear(breach: Breach, *, by: User | None, because: str) -> None:
    """End the episode of a breach; the only assignment to its state."""
    assert BreachState.CLEARED in BREACH_MOVES[breach.state]
    governed.change(breach, state=BreachState.CLEARED, cleared_at=Now(), cleared_because=because)
    version = breach.version
    audit.record(
        "gates.breach_cleared",
        breach,
        by=by,
        project_id=version.model.project_id,
        version=str(version.pk),
        says=breach.condition.sentence,
        because=because,
    )


def _move(
    condition: Condition, state: ConditionState, *, by: User | None, event: str, **fields: object
) -> None:
    assert state in CONDITION_MOVES[condition.state]
    governed.change(condition, state=state, **fields)
    version = condition.version
    project_id = version.model.project_id
    audit.record(
        event, condition, by=by, project_id=project_id, version=str(version.pk), says=condition.sentence
    )


def move_obligation(
    obligation: Obligation, state: ObligationState, *, by: User | None, event: str, **fields: object
) -> None:
    """Take an obligation to another state with its event; the only assignment to its state."""
    assert state in OBLIGATION_MOVES[obligation.state]
    governed.change(obligation, state=state, **fields)
    note(event, obligation, by=by)


def note(kind: str, obligation: Obligation, *, by: User | None, **data: str) -> None:
    """Record an event of an obligation with what its sentence needs."""
    audit.record(
        kind,
        obligation,
        by=by,
        project_id=obligation.version.model.project_id,
        version=str(obligation.version_id),
        owner=str(obligation.owner),
        due=f"{obligation.due_at:%Y-%m-%d}",
        note=obligation.note,
        answer=obligation.answer,
        **data,
    )
