"""A ledger's entries from a CSV file: every row, or none with each fault by its row (M10.3)."""

import csv
import datetime
import hashlib
import io
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO
from uuid import UUID

from apps.core.errors import Invalid
from apps.costs.enums import CostKind
from apps.costs.models import Budget, CostEntry
from apps.experiments.models import Run
from apps.projects.models import Project
from apps.registry.models import Version

REQUIRED = ("spent_on", "kind", "amount", "currency")
OPTIONAL = ("model", "version", "run", "units", "description")
LARGEST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_FAULTS = 50
LARGEST = Decimal(10) ** 10
MOST_UNITS = 10**15


@dataclass(frozen=True)
class Sheet:
    """What a file holds: entries that are not saved yet, and the digest that names the file."""

    entries: list[CostEntry]
    digest: str
    currency: str

    def __str__(self) -> str:
        count = len(self.entries)
        return f"{count:,} {'entry' if count == 1 else 'entries'} of {self.total:,.2f} {self.currency} in all"

    @property
    def total(self) -> Decimal:
        """The sum of all amounts."""
        return sum((one.amount for one in self.entries), Decimal(0))


class Faults:
    """Everything that is wrong, by row (the header is row 1) and column; the first ones are told."""

    def __init__(self) -> None:
        self.problems: list[dict[str, Any]] = []
        self.count = 0

    def add(self, row: int, column: str, detail: str) -> None:
        """Note a fault."""
        self.count += 1
        if self.count <= MOST_FAULTS:
            self.problems.append({"row": row, "column": column, "detail": f"Row {row}, {column}: {detail}"})

    def enforce(self) -> None:
        """Raise Invalid where there is a fault."""
        if not self.count:
            return
        more = f" (the first {MOST_FAULTS} of {self.count} faults)" if self.count > MOST_FAULTS else ""
        told = " ".join(one["detail"] for one in self.problems[:5])
        raise Invalid(
            f"Nothing was imported{more}. {told}", code="bad_rows", problems=self.problems, field="file"
        )


def read(project: Project, stream: BinaryIO) -> Sheet:
    """Return the entries of a CSV file; raises Invalid with every fault, by row."""
    content = stream.read(LARGEST_BYTES + 1)
    rows = rows_of(content)
    known = _Known(project)
    faults, entries = Faults(), []
    for number, row in rows:
        entry = _entry(row, number, known, faults)
        if entry is not None:
            entries.append(entry)
    faults.enforce()
    if not entries:
        raise _refused("The file has a header and no rows.")
    return Sheet(entries, hashlib.sha256(content).hexdigest(), known.currency)


def _refused(sentence: str) -> Invalid:
    return Invalid(f"{sentence} Nothing was imported.", code="bad_file", field="file")


def rows_of(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """Return each row that is not empty, with its number; raises Invalid where the file is no such table."""
    if len(content) > LARGEST_BYTES:
        raise _refused(f"The file is larger than {LARGEST_BYTES // 1024**2} MB. Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("The file is not UTF-8. Save it as “CSV UTF-8”.") from None
    if "\x00" in text:
        raise _refused("The file holds a zero byte, so it is no CSV. Save it as “CSV UTF-8”.")
    first = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ","
    )
    try:
        lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    except csv.Error as error:
        raise _refused(f"Row {reader.line_num} cannot be read: {error}.") from None
    header = [name.lower() for name in lines[0][1]] if lines else []
    _check_header(header)
    found = [(number, line) for number, line in lines[1:] if any(line)]
    if len(found) > MOST_ROWS:
        raise _refused(f"The file has {len(found):,} rows; up to {MOST_ROWS:,} are taken at once. Split it.")
    faults = Faults()
    for number, line in found:
        if len(line) != len(header):
            faults.add(number, "all", f"it has {len(line)} cells, and the header has {len(header)}.")
    faults.enforce()
    return [(number, dict(zip(header, line, strict=True))) for number, line in found]


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    strange = [name for name in header if name not in (*REQUIRED, *OPTIONAL)]
    twice = sorted({name for name in header if header.count(name) > 1})
    for what, names in (("lacks", missing), ("does not know", strange), ("names twice", twice)):
        if names:
            raise _refused(
                f"The first row {what} {', '.join(f'“{name[:40]}”' for name in names[:6])}. "
                f"Columns are {', '.join(REQUIRED)}, and if you like {', '.join(OPTIONAL)}."
            )


class _Known:
    """What rows may refer to, read once: versions by model and number, runs, the currency of the books."""

    def __init__(self, project: Project) -> None:
        self.project = project
        versions = Version.objects.filter(model__project=project).select_related("model")
        self.versions = {(one.model.slug, one.number): one for one in versions}
        self.models = {slug for slug, _ in self.versions}
        self.runs = {one.pk: one for one in Run.objects.filter(experiment__project=project)}
        self.currency = currency_of(project)


def currency_of(project: Project) -> str:
    """Return the currency that a project keeps its books in; empty where none is chosen yet."""
    budget = Budget.objects.filter(project=project).values_list("currency", flat=True).first()
    return (
        budget or CostEntry.objects.filter(project=project).values_list("currency", flat=True).first() or ""
    )


def _entry(row: dict[str, str], number: int, known: _Known, faults: Faults) -> CostEntry | None:
    before = faults.count
    entry = CostEntry(
        project=known.project,
        kind=_kind(row["kind"], number, faults),
        amount=_amount(row["amount"], number, faults),
        currency=_currency(row["currency"], number, known, faults),
        spent_on=_day(row["spent_on"], number, faults),
        version=_version(row.get("model", ""), row.get("version", ""), number, known, faults),
        run=_run(row.get("run", ""), number, known, faults),
        units=_units(row.get("units", ""), number, faults),
        description=row.get("description", "")[:300],
    )
    return entry if faults.count == before else None


def _kind(text: str, number: int, faults: Faults) -> str:
    if text not in CostKind.values:
        faults.add(
            number, "kind", f"“{text[:40]}” is no kind of cost. Kinds are {', '.join(CostKind.values)}."
        )
    return text


def _amount(text: str, number: int, faults: Faults) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        faults.add(number, "amount", f"“{text[:40]}” is no number; write it as 1234.56.")
        return Decimal(0)
    if not amount.is_finite() or abs(amount) >= LARGEST or amount != round(amount, 4):
        faults.add(number, "amount", f"“{text[:40]}” is out of range, or has more than four decimals.")
    return amount


def _currency(text: str, number: int, known: _Known, faults: Faults) -> str:
    code = text.upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        faults.add(
            number, "currency", f"“{text[:20]}” is no currency; use a code of three letters such as EUR."
        )
    elif known.currency and known.currency != code:
        faults.add(
            number, "currency", f"the books are kept in {known.currency}, and this is {code}. Convert it."
        )
    else:
        known.currency = code
    return code


def _day(text: str, number: int, faults: Faults) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        faults.add(number, "spent_on", f"“{text[:20]}” is no day; write it as 2026-01-31.")
        return datetime.date.min


def _version(model: str, version: str, number: int, known: _Known, faults: Faults) -> Version | None:
    if not model and not version:
        return None
    if not model and len(known.models) == 1:
        model = next(iter(known.models))
    digits = version.removeprefix("v")
    found = known.versions.get((model, int(digits))) if digits.isdecimal() and len(digits) < 9 else None
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
    try:
        found = known.runs.get(UUID(text))
    except ValueError:
        found = None
    if found is None:
        faults.add(number, "run", f"there is no run with the id “{text[:40]}” in this project.")
    return found


def _units(text: str, number: int, faults: Faults) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text[:20]) > MOST_UNITS:
        faults.add(
            number, "units", f"“{text[:20]}” is no number of predictions; write a whole number from 0."
        )
        return None
    return int(text)
