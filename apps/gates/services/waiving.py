"""Ask for a waiver, grant it, refuse it, take it back; and note that one has ended."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Forbidden, Invalid, Refused
from apps.core.reasons import demand_reason
from apps.gates import permissions_exceptions as permissions
from apps.gates.enums import WAIVER_MOVES, WaiverPart, WaiverState
from apps.gates.judging import gate_view
from apps.gates.lineage import contributors_of
from apps.gates.models import Waiver, WaiverGrant, WaiverParty
from apps.gates.permissions import demand_factors
from apps.gates.sentences import in_words
from apps.gates.services.life import locked_version, note_refusal, prove
from apps.gates.telling import tell_members
from apps.policies.judge import State
from apps.policies.queries import pack_of
from apps.registry.models import Version

#: A waiver is read by auditors years later.
SHORTEST_REASON = 20


def ask_waiver(
    version: Version, *, to_stage: str, criterion: str, reason: str, until: datetime, by: User
) -> Waiver:
    """Ask that a criterion that does not pass need not hold, on the evidence of now, until a moment."""
    try:
        return _ask(version.pk, to_stage=to_stage, criterion=criterion, reason=reason, until=until, by=by)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _ask(
    version_id: UUID, *, to_stage: str, criterion: str, reason: str, until: datetime, by: User
) -> Waiver:
    version = locked_version(version_id)
    permissions.can_ask_waiver(by, version).enforce()
    view = gate_view(version, to_stage)
    found = next((one for one in view.verdict.results if one.key == criterion), None)
    if found is None:
        known = ", ".join(one.key for one in view.verdict.results) or "none"
        raise Invalid(
            f"The gate to {to_stage} has no criterion “{criterion[:60]}”. It has: {known}.",
            code="unknown_criterion",
            field="criterion",
        )
    if found.verdict.state in {State.PASS, State.WAIVED}:
        raise Refused(f"“{found.title}” needs no waiver: it holds or is waived already.", code="not_needed")
    rule = pack_of(version.model.project.policy_revision).exceptions.waivers
    _demand_end(until, rule.longest_days)
    waiver = Waiver.objects.create(
        version=version,
        gate=view.gate.key,
        criterion=criterion,
        title=found.title,
        evidence_digest=view.evidence.digest,
        policy_revision=version.model.project.policy_revision,
        granted_by_role=rule.granted_by,
        reason=demand_reason(reason, shortest=SHORTEST_REASON),
        until=until,
        asked_by=by,
    )
    people = {by.person_id: (WaiverPart.ASKER, "You asked for this waiver")}
    for person_id, because in contributors_of(version).items():
        people.setdefault(person_id, (WaiverPart.CONTRIBUTOR, because))
    WaiverParty.objects.bulk_create(
        WaiverParty(waiver=waiver, person_id=person_id, kind=kind, because=because)
        for person_id, (kind, because) in people.items()
    )
    _note("gates.waiver_asked", waiver, by=by, reason=waiver.reason)
    tell_members("gates.waiver_asked", waiver, by=by, roles=[rule.granted_by], criterion=waiver.title)
    return waiver


def _demand_end(until: datetime, longest_days: int) -> None:
    now = timezone.now()
    if not now < until <= now + timedelta(days=longest_days):
        raise Invalid(
            f"A waiver ends in the future, and within {longest_days} days by this policy.",
            code="bad_end",
            field="until",
        )


def grant_waiver(waiver: Waiver, *, by: User, proof: Proof, comment: str = "") -> Waiver:
    """Grant a waiver with a signature. Whoever asked, or had a hand in the version, cannot."""
    try:
        permissions.can_grant_waiver(by, waiver).enforce()
        gate = pack_of(waiver.version.model.project.policy_revision).gate(waiver.gate)
        demand_factors(by, proof, demanded=gate is not None and gate.second_factor)
        return _grant(waiver.pk, by=by, proof=prove(by, proof=proof), comment=comment)
    except IntegrityError as error:
        raise in_words(error) from error
    except Forbidden as error:
        note_refusal(waiver.version, "grant a waiver for", error, by=by)
        raise


@service
def _grant(waiver_id: UUID, *, by: User, proof: Reauthentication, comment: str) -> Waiver:
    waiver = _reread(waiver_id)
    permissions.can_grant_waiver(by, waiver).enforce()
    WaiverParty.objects.get_or_create(
        waiver=waiver, person=by, defaults={"kind": WaiverPart.GRANTER, "because": "You granted it"}
    )
    WaiverGrant.objects.create(
        waiver=waiver,
        person=by,
        role=waiver.granted_by_role,
        signer_name=by.full_name,
        comment=comment.strip(),
        reauthentication=proof,
    )
    _move(waiver, WaiverState.GRANTED)
    _note("gates.waiver_granted", waiver, by=by, comment=comment.strip())
    tell_members(
        "gates.waiver_granted", waiver, by=by, until=f"{waiver.until:%Y-%m-%d}", criterion=waiver.title
    )
    return waiver


@service
def refuse_waiver(waiver: Waiver, *, by: User, reason: str) -> Waiver:
    """Say no to a waiver that was asked for; who asked takes it back the same way."""
    current = _reread(waiver.pk)
    permissions.can_refuse_waiver(by, current).enforce()
    own = current.asked_by.person_id == by.person_id
    return _end(current, WaiverState.WITHDRAWN if own else WaiverState.REFUSED, by=by, reason=reason)


@service
def revoke_waiver(waiver: Waiver, *, by: User, reason: str) -> Waiver:
    """End a granted waiver before its day. A promotion that rests on it does not go through any more."""
    current = _reread(waiver.pk)
    permissions.can_revoke_waiver(by, current).enforce()
    return _end(current, WaiverState.REVOKED, by=by, reason=reason)


def _end(waiver: Waiver, state: WaiverState, *, by: User, reason: str) -> Waiver:
    why = demand_reason(reason, shortest=SHORTEST_REASON)
    _move(waiver, state, closed_by=by, closed_at=Now(), closing_reason=why)
    _note("gates.waiver_closed", waiver, by=by, state=state.label.lower(), reason=why)
    tell_members("gates.waiver_closed", waiver, by=by, state=state.label.lower(), reason=why)
    return waiver


@service
def note_ended() -> int:
    """Mark the waivers whose time is over and tell the project; returns how many. They ended without it."""
    over = Waiver.objects.filter(
        state__in=[WaiverState.ASKED, WaiverState.GRANTED], until__lte=Now()
    ).values_list("pk", flat=True)
    ended = 0
    for waiver_id in list(over[:500]):
        waiver = _reread(waiver_id)
        if WaiverState.ENDED not in WAIVER_MOVES[waiver.state]:
            continue
        _move(waiver, WaiverState.ENDED, closed_at=Now())
        _note("gates.waiver_ended", waiver, by=None)
        tell_members("gates.waiver_ended", waiver, by=None, criterion=waiver.title)
        ended += 1
    return ended


@service
def announce_ending(within: timedelta = timedelta(days=7)) -> int:
    """Tell, once for each waiver, that it will end within ``within``; returns how many there are."""
    soon = Waiver.objects.filter(
        state=WaiverState.GRANTED, until__gt=Now(), until__lte=Now() + within
    ).select_related("version__model__project", "asked_by__owner")
    for waiver in soon:
        tell_members(
            "gates.waiver_ends_soon",
            waiver,
            by=None,
            once="ends-soon",
            until=f"{waiver.until:%Y-%m-%d}",
            criterion=waiver.title,
        )
    return len(soon)


def _reread(waiver_id: UUID) -> Waiver:
    return (
        Waiver.objects.select_for_update(of=("self",))
        .select_related("version__model__project__policy_revision", "asked_by__owner", "grant")
        .prefetch_related("parties")
        .get(pk=waiver_id)
    )


def _move(waiver: Waiver, state: WaiverState, **fields: object) -> None:
    """The only assignment to a waiver's state."""
    assert state in WAIVER_MOVES[waiver.state]
    governed.change(waiver, state=state, **fields)


def _note(kind: str, waiver: Waiver, *, by: User | None, **data: str) -> None:
    audit.record(
        kind,
        waiver,
        by=by,
        project_id=waiver.version.model.project_id,
        version=str(waiver.version_id),
        criterion=waiver.criterion,
        until=f"{waiver.until:%Y-%m-%d %H:%M} UTC",
        digest=waiver.evidence_digest,
        **data,
    )
