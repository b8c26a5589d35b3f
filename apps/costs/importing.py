"""A ledger's entries, or rates, from a CSV file: every row, or none with each fault by its row (M10.3)."""

import datetime
import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import BinaryIO
from uuid import UUID

from apps.core.errors import Invalid
from apps.core.sheets import LARGEST_BYTES, Faults, rows_of
from apps.costs import queries
from apps.costs.amounts import EARLIEST, LARGEST, MOST_UNITS, decimal_of
from apps.costs.converting import SAME, Conversion, Rates, books_currency
from apps.costs.currencies import currency_code
from apps.costs.enums import CostKind
from apps.costs.models import CostEntry, Rate
from apps.experiments.models import Run
from apps.projects.models import Project
from apps.registry.models import Version

REQUIRED = ("spent_on", "kind", "amount", "currency")
OPTIONAL = ("model", "version", "run", "units", "description", "reference")
DAY = re.compile(r"\d{4}-\d\d-\d\d$", re.ASCII)
RATE_COLUMNS = ("currency", "per", "value", "valid_from", "source")


@dataclass(frozen=True)
class Sheet:
    """What a file holds: entries that are not saved yet, how many were in the ledger before, and the file's digest."""

    entries: list[CostEntry]
    skipped: int
    digest: str
    currency: str

    def __str__(self) -> str:
        told = f"{_counted(len(self.entries))} of {self.total:,.2f} {self.currency} in all"
        return f"{told}; {_counted(self.skipped)} stood in the ledger already" if self.skipped else told

    @property
    def total(self) -> Decimal:
        """The sum of all amounts in the currency of the books."""
        return sum((round(one.amount * one.rate_value, 4) for one in self.entries), Decimal(0))


def _counted(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def read(project: Project, stream: BinaryIO) -> Sheet:
    """Return the entries of a CSV file; raises Invalid with every fault, by row."""
    content = stream.read(LARGEST_BYTES + 1)
    rows = rows_of(content, required=REQUIRED, optional=OPTIONAL)
    known = _Known(project, [row for _, row in rows])
    faults, entries, skipped = Faults(), [], 0
    for number, row in rows:
        entry = _entry(row, number, known, faults)
        if entry is None:
            continue
        if _stands_already(entry, number, known, faults):
            skipped += 1
        else:
            entries.append(entry)
    faults.enforce()
    return Sheet(entries, skipped, hashlib.sha256(content).hexdigest(), known.rates.per)


class _Known:
    """What rows may refer to, read once: versions by model and number, runs, entries by reference, rates."""

    def __init__(self, project: Project, rows: list[dict[str, str]]) -> None:
        self.project = project
        self.models = set(project.models.values_list("slug", flat=True))
        numbers = {digits for row in rows if (digits := _version_number(row.get("version", ""))) is not None}
        versions = Version.objects.filter(model__project=project, number__in=numbers).select_related("model")
        self.versions = {(one.model.slug, one.number): one for one in versions}
        ids = {key for row in rows if (key := _run_id(row.get("run", ""))) is not None}
        self.runs = {one.pk: one for one in Run.objects.filter(experiment__project=project, pk__in=ids)}
        references = {row.get("reference", "") for row in rows} - {""}
        entries = CostEntry.objects.filter(project=project, reference__in=references)
        self.entries = {one.reference: one for one in entries}
        self.rates = Rates(books_currency(project))
        self.today = queries.today()
        self.seen: dict[str, int] = {}


def _entry(row: dict[str, str], number: int, known: _Known, faults: Faults) -> CostEntry | None:
    before = faults.count
    day = _day(row["spent_on"], number, "spent_on", faults)
    if day is not None and day > known.today:
        faults.add(number, "spent_on", f"{day:%Y-%m-%d} lies in the future; days are those of UTC.")
    code, conversion = _converted(row["currency"], day or known.today, number, known, faults)
    entry = CostEntry(
        project=known.project,
        kind=_kind(row["kind"], number, faults),
        amount=_amount(row["amount"], number, faults),
        currency=code,
        rate=conversion.rate,
        rate_value=conversion.value,
        spent_on=day or known.today,
        version=_version(row.get("model", ""), row.get("version", ""), number, known, faults),
        run=_run(row.get("run", ""), number, known, faults),
        units=_units(row.get("units", ""), number, faults),
        description=row.get("description", "")[:300],
        reference=_reference(row.get("reference", ""), number, known, faults),
    )
    return entry if faults.count == before else None


def _stands_already(entry: CostEntry, number: int, known: _Known, faults: Faults) -> bool:
    """Tell whether the ledger holds the entry under its reference; another one under the same is a fault."""
    before = known.entries.get(entry.reference) if entry.reference else None
    if before is None:
        return False
    if not same_entry(before, entry):
        faults.add(number, "reference", f"the ledger holds another entry as “{entry.reference}”: {before}.")
    return True


def same_entry(one: CostEntry, other: CostEntry) -> bool:
    """Tell whether two entries say the same, whatever they were converted by."""
    names = ("kind", "amount", "currency", "spent_on", "version_id", "run_id", "units")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _reference(text: str, number: int, known: _Known, faults: Faults) -> str:
    if not text:
        return ""
    if len(text) > 120:
        faults.add(number, "reference", "it is longer than 120 characters.")
    elif text in known.seen:
        faults.add(number, "reference", f"“{text[:40]}” stands in row {known.seen[text]} too.")
    known.seen.setdefault(text, number)
    return text


def _kind(text: str, number: int, faults: Faults) -> str:
    if text not in CostKind.values:
        faults.add(
            number, "kind", f"“{text[:40]}” is no kind of cost. Kinds are {', '.join(CostKind.values)}."
        )
    return text


def _amount(text: str, number: int, faults: Faults) -> Decimal:
    try:
        amount = decimal_of(text)
    except InvalidOperation:
        faults.add(number, "amount", f"“{text[:40]}” is no number; write it as 1234.56.")
        return Decimal(0)
    if not amount.is_finite() or not -LARGEST < amount < LARGEST or amount != round(amount, 4):
        faults.add(number, "amount", f"“{text[:40]}” is out of range, or has more than four decimals.")
    elif amount < 0:
        faults.add(
            number,
            "amount",
            f"{text[:40]} is negative. Reverse the entry that was wrong on its page, or by the interface.",
        )
    return amount


def _converted(
    text: str, day: datetime.date, number: int, known: _Known, faults: Faults
) -> tuple[str, Conversion]:
    try:
        code = currency_code(text)
        if not known.rates.per:
            known.rates.per = code
        return code, known.rates.on(code, day)
    except Invalid as error:
        faults.add(number, "currency", error.sentence)
        return "", SAME


def _day(text: str, number: int, column: str, faults: Faults) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text if DAY.match(text) else "")
    except ValueError:
        faults.add(number, column, f"“{text[:20]}” is no day; write it as 2026-01-31.")
        return None
    if day < EARLIEST:
        faults.add(number, column, f"{day} is before {EARLIEST}, from which on days are taken.")
        return None
    return day


def _version_number(text: str) -> int | None:
    digits = text.removeprefix("v")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else None


def _run_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _version(model: str, version: str, number: int, known: _Known, faults: Faults) -> Version | None:
    if not model and not version:
        return None
    if not model and len(known.models) == 1:
        model = next(iter(known.models))
    wanted = _version_number(version)
    found = known.versions.get((model, wanted)) if wanted is not None else None
    if found is None:
        faults.add(
            number,
            "version",
            f"there is no version “{version[:20]}” of a model “{model[:40]}” in this project.",
        )
    return found


def _run(text: str, number: int, known: _Known, faults: Faults) -> Run | None:
    if not text:
        return None
    key = _run_id(text)
    found = known.runs.get(key) if key is not None else None
    if found is None:
        faults.add(number, "run", f"there is no run with the id “{text[:40]}” in this project.")
    return found


def _units(text: str, number: int, faults: Faults) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 20) or int(text) > MOST_UNITS:
        faults.add(
            number, "units", f"“{text[:20]}” is no number of predictions; write a whole number from 0."
        )
        return None
    return int(text)


def read_rates(stream: BinaryIO) -> list[Rate]:
    """Return the rates of a CSV file, not saved; raises Invalid with every fault, by row."""
    rows = rows_of(stream.read(LARGEST_BYTES + 1), required=RATE_COLUMNS)
    faults, found = Faults(), []
    for number, row in rows:
        before = faults.count
        codes = [_code(row[name], number, name, faults) for name in ("currency", "per")]
        if codes[0] and codes[0] == codes[1]:
            faults.add(number, "per", f"{codes[0]} is converted to itself; name two currencies.")
        if not row["source"]:
            faults.add(number, "source", "it is empty; say where the rate is from.")
        rate = Rate(
            currency=codes[0],
            per=codes[1],
            value=_value(row["value"], number, faults),
            valid_from=_day(row["valid_from"], number, "valid_from", faults) or EARLIEST,
            source=row["source"][:200],
        )
        if faults.count == before:
            found.append(rate)
    faults.enforce()
    return found


def _code(text: str, number: int, column: str, faults: Faults) -> str:
    try:
        return currency_code(text)
    except Invalid as error:
        faults.add(number, column, error.sentence)
        return ""


def _value(text: str, number: int, faults: Faults) -> Decimal:
    try:
        value = decimal_of(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value < LARGEST or value != round(value, 10):
        faults.add(number, "value", f"“{text[:40]}” is no rate; write a number above 0 as 0.9215.")
    return value
