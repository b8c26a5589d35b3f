"""Amounts of money, and numbers of predictions, that the ledger takes."""

import datetime
from decimal import Decimal, InvalidOperation

from apps.core.errors import Invalid

LARGEST = Decimal(10) ** 10
MOST_UNITS = 10**15
#: Days before are slips of the pen: nobody keeps older books of machine learning here.
EARLIEST = datetime.date(2000, 1, 1)


def decimal_of(text: str) -> Decimal:
    """Return the number that a text is in ASCII digits; raises InvalidOperation for other writings that Python takes."""
    if "_" in text or not text.isascii():
        raise InvalidOperation
    return Decimal(text)


def demand_day(day: datetime.date, field: str) -> datetime.date:
    """Return the day if books are kept of it; raises Invalid."""
    if day < EARLIEST:
        raise Invalid(
            f"{day} is before {EARLIEST}, from which on days are taken.", code="bad_day", field=field
        )
    return day


def amount_of(value: Decimal | str | float) -> Decimal:
    """Return an amount; raises Invalid for what is no number, out of range or finer than four decimals."""
    try:
        amount = decimal_of(str(value))
    except InvalidOperation:
        raise Invalid(f"“{value}” is not an amount of money.", code="bad_amount", field="amount") from None
    if not amount.is_finite() or not -LARGEST < amount < LARGEST:
        raise Invalid(f"An amount of {value} is out of range.", code="bad_amount", field="amount")
    if amount != round(amount, 4):
        raise Invalid(f"{value} has more than four decimals; round it.", code="bad_amount", field="amount")
    return amount
