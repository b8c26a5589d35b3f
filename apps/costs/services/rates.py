"""Exchange rates: rows that only grow, entered by administrators. Nothing is fetched from anywhere."""

import datetime
from decimal import Decimal
from typing import BinaryIO

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid
from apps.costs.amounts import LARGEST, demand_day
from apps.costs.currencies import currency_code
from apps.costs.importing import read_rates
from apps.costs.models import Rate
from apps.costs.permissions import can_enter_rates


@service
def enter_rate(
    *, currency: str, per: str, value: Decimal, valid_from: datetime.date, source: str, by: User
) -> Rate:
    """Enter what one unit of ``currency`` is worth in ``per`` from a day on; entries made before keep their rate."""
    can_enter_rates(by).enforce()
    code, other = currency_code(currency), _per(per)
    if code == other:
        raise Invalid(
            f"{code} is converted to itself; name two currencies.", code="same_currency", field="per"
        )
    if not value.is_finite() or not 0 < value < LARGEST or value != round(value, 10):
        raise Invalid(
            "A rate is a number above 0 with up to ten decimals, such as 0.9215.",
            code="bad_rate",
            field="value",
        )
    if not source.strip():
        raise Invalid("Say where the rate is from.", code="source_missing", field="source")
    rate = Rate.objects.create(
        currency=code,
        per=other,
        value=value,
        valid_from=demand_day(valid_from, "valid_from"),
        source=source.strip()[:200],
        entered_by=by,
    )
    audit.record("costs.rate_entered", rate, by=by, source=rate.source)
    return rate


def _per(text: str) -> str:
    try:
        return currency_code(text)
    except Invalid as error:
        raise Invalid(error.sentence, code=error.code, field="per") from None


@service
def import_rates(*, stream: BinaryIO, by: User) -> list[Rate]:
    """Enter every rate of a CSV file, or none; what is known already word for word is skipped. Returns the new ones."""
    can_enter_rates(by).enforce()
    rates = read_rates(stream)
    known = set(Rate.objects.filter(currency__in={one.currency for one in rates}).values_list(*_NAMES))
    new = {tuple(getattr(one, name) for name in _NAMES): one for one in rates}
    fresh = [one for key, one in new.items() if key not in known]
    for one in fresh:
        one.entered_by = by
    Rate.objects.bulk_create(fresh, batch_size=1000)
    if fresh:
        audit.record("costs.rates_imported", fresh[-1], by=by, rates=len(fresh))
    return fresh


_NAMES = ("currency", "per", "value", "valid_from", "source")
