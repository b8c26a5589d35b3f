"""Amounts of money, and numbers of predictions, that the ledger takes."""

from decimal import Decimal, InvalidOperation

from apps.core.errors import Invalid

LARGEST = Decimal(10) ** 10
MOST_UNITS = 10**15


def amount_of(value: Decimal | str | float) -> Decimal:
    """Return an amount; raises Invalid for what is no number, out of range or finer than four decimals."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Invalid(f"“{value}” is not an amount of money.", code="bad_amount", field="amount") from None
    if not amount.is_finite() or not -LARGEST < amount < LARGEST:
        raise Invalid(f"An amount of {value} is out of range.", code="bad_amount", field="amount")
    if amount != round(amount, 4):
        raise Invalid(f"{value} has more than four decimals; round it.", code="bad_amount", field="amount")
    return amount
