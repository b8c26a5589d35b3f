"""Corrections: the ledger only grows, so an entry is taken back by one that reverses it."""

from uuid import UUID

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.costs import alerts
from apps.costs.models import CostEntry
from apps.costs.services.ledger import demand_own
from apps.experiments.models import Run
from apps.projects.locking import locked
from apps.projects.permissions import Right, can
from apps.registry.models import Version


@service
def reverse_cost(entry: CostEntry, *, reason: str, by: User) -> CostEntry:
    """Take an entry back by one of the negative amount, on the same day and by the same rate; returns that one.

    So the month that was wrong becomes right. Raises Refused for a reversal and for what is reversed already.
    """
    can(by, Right.CONTRIBUTE, entry.project).enforce()
    locked(entry.project)
    reversal = _reverse(entry, _reason(reason), by)
    audit.record(
        "costs.cost_reversed",
        reversal,
        by=by,
        project_id=entry.project_id,
        entry=str(entry.pk),
        reason=reversal.description,
    )
    alerts.tell(entry.project, by=by)
    return reversal


@service
def attribute_cost(
    entry: CostEntry, *, by: User, version: Version | None = None, run: Run | None = None
) -> CostEntry:
    """Say which version or run an entry was for: it is reversed and entered again with them; returns the new one."""
    can(by, Right.CONTRIBUTE, entry.project).enforce()
    locked(entry.project)
    if version is None and run is None:
        raise Invalid("Name the version or the run that the amount was for.", code="nothing_named")
    demand_own(entry.project, version, run)
    to = " and ".join(str(one) for one in (version, run) if one is not None)
    _reverse(entry, f"Attributed to {to}", by)
    made = _copy(entry, entry.pk, by)
    made.version, made.run = version or entry.version, run or entry.run
    made.save(force_insert=True)
    audit.record(
        "costs.cost_attributed", made, by=by, project_id=entry.project_id, entry=str(entry.pk), to=to
    )
    return made


def _reason(reason: str) -> str:
    said = reason.strip()[:300]
    if not said:
        raise Invalid("Say why the entry is reversed.", code="reason_missing", field="reason")
    return said


def _reverse(entry: CostEntry, why: str, by: User) -> CostEntry:
    if entry.reverses_id is not None:
        not_now(
            "This entry is a reversal itself. Enter the amount again instead.", code="is_reversal"
        ).enforce()
    if CostEntry.objects.filter(reverses=entry).exists():
        not_now("This entry is reversed already.", code="reversed_already").enforce()
    reversal = _copy(entry, entry.pk, by)
    reversal.amount, reversal.reverses, reversal.description = -entry.amount, entry, why
    reversal.save(force_insert=True)
    return reversal


def _copy(entry: CostEntry, origin: UUID, by: User) -> CostEntry:
    return CostEntry(
        project=entry.project,
        version=entry.version,
        run=entry.run,
        kind=entry.kind,
        amount=entry.amount,
        currency=entry.currency,
        rate=entry.rate,
        rate_value=entry.rate_value,
        spent_on=entry.spent_on,
        units=entry.units,
        description=entry.description,
        source=f"entry:{origin}",
        recorded_by=by,
    )
