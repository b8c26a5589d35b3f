"""The summary of a bias audit that New York City's Local Law 144 wants published (6 RCNY §§ 5-300 to 5-304).

Selection rate of a category = selected / people in it; impact ratio = its rate / the highest rate of a category
(§ 5-300). A category of under 2 % of the people may be left out of the ratios; its people and its rate are still
shown (§ 5-301 (d)). Whether it is, the policy has decided, and the
document says. People of unknown category are counted (§ 5-301 (c)).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from apps.core.canonical import canonical_json
from apps.core.spreadsheets import csv_of
from apps.modelcards.exporting.blocks import Block, Heading, Table, section
from apps.modelcards.exporting.reading import Export, Part, Reading, words
from apps.modelcards.exporting.story import page_of

_LEFT_OUT = "The card leaves it out."


@dataclass(frozen=True)
class Category:
    """One category: ``people`` and ``selected`` are counts, ``rate`` and ``impact_ratio`` fractions or unknown."""

    category: str
    people: int | None
    selected: int | None
    rate: float | None
    impact_ratio: float | None
    left_out: bool
    reason: str


@dataclass(frozen=True)
class Categories:
    """The table of an attribute or of a crossing of two."""

    attribute: str
    crossing: bool
    unknown: int | None
    rows: tuple[Category, ...]


def impact_ratios(rates: Sequence[float | None], left_out: Sequence[bool]) -> list[float | None]:
    """Return each rate over the highest rate of those that are not left out; None where it cannot be told."""
    counted = [rate for rate, out in zip(rates, left_out, strict=True) if rate is not None and not out]
    highest = max(counted, default=0.0)
    return [
        rate / highest if rate is not None and highest > 0 and not out else None
        for rate, out in zip(rates, left_out, strict=True)
    ]


def categories_of(table: Part) -> Categories:
    """Read a table of the audit and compute its ratios anew against the highest rate."""
    groups = table.rows("groups")
    people = [group.leaf("rows") for group in groups]
    selected = [group.leaf("selected") for group in groups]
    rates = [_rate(*row) for row in zip(groups, people, selected, strict=True)]
    out = [bool(group.leaf("left_out")) for group in groups]
    ratios = impact_ratios(rates, out)
    rows = []
    for place, group in enumerate(groups):
        reason = (group.text("left_out_reason") or _LEFT_OUT) if out[place] else ""
        rows.append(
            Category(
                *(group.text("value"), people[place], selected[place], rates[place], ratios[place]),
                *(out[place], reason),
            )
        )
    return Categories(
        table.text("attribute"), bool(table.leaf("crossing")), table.leaf("unknown_rows"), tuple(rows)
    )


def _rate(group: Part, people: int | None, selected: int | None) -> float | None:
    """Compute the rate of counts; take the one that is told where the counts are not."""
    if people and selected is not None:
        return selected / people
    return group.leaf("selection_rate")


_FACTS = (
    ("audited_on", "Date of the bias audit"),
    ("auditor", "Independent auditor"),
    ("valid_until", "Use until"),
    ("distribution_date", "Distribution date of the tool"),
    ("source_of_data", "Source of the data"),
    ("historical", "Historical data"),
    ("unknown", "People of unknown category, left out"),
)


def _summary(reading: Reading) -> tuple[dict[str, Any], list[Categories]]:
    root = reading.root
    audit, version = root.part("bias_audit"), root.part("version")
    found = {"tool": version.text("model"), "version": version.text("name")}
    found |= {key: audit.leaf(key) for key, _ in _FACTS}
    return found, [categories_of(one) for one in audit.rows("tables")]


def json(document: Mapping[str, Any]) -> Export:
    """Return the summary as canonical JSON."""
    reading = Reading(document)
    facts, tables = _summary(reading)
    found = facts | {"card_sha256": reading.digest, "tables": [asdict(one) for one in tables]}
    found["tables"] = [one | {"rows": list(one["rows"])} for one in found["tables"]]
    return reading.export(canonical_json(found), "application/json", "bias-audit.json")


_COLUMNS = ("Category", "People", "Selected", "Selection rate", "Impact ratio", "Left out", "Reason")


def csv(document: Mapping[str, Any]) -> Export:
    """Return the summary as CSV: the facts first, then the rows of all tables."""
    reading = Reading(document)
    facts, tables = _summary(reading)
    rows: list[list[Any]] = [["Tool", facts["tool"]], ["Version", facts["version"]]]
    rows += [[title, _plain(facts[key])] for key, title in _FACTS]
    rows += [["SHA-256 of the card", reading.digest], [], ["Attribute", "Crossing", "Unknown", *_COLUMNS]]
    for table in tables:
        head = [table.attribute, _plain(table.crossing), _plain(table.unknown)]
        rows += [[*head, *_cells(row)] for row in table.rows]
    return reading.export(csv_of(rows).encode(), "text/csv; charset=utf-8", "bias-audit.csv")


def _plain(value: Any) -> Any:
    """Leave numbers numbers; a yes stays a yes."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else words(value)


def _cells(row: Category) -> list[Any]:
    return [_plain(value) for value in asdict(row).values()]


def _shown(row: Category) -> tuple[str, ...]:
    """Return the cells of a page: what is computed from the counts beside it is rounded."""
    rate = row.rate if row.rate is None or row.selected is None else round(row.rate, 3)
    ratio = None if row.impact_ratio is None else round(row.impact_ratio, 3)
    return tuple(words(one) for one in asdict(replace(row, rate=rate, impact_ratio=ratio)).values())


def html(document: Mapping[str, Any]) -> Export:
    """Return the summary as one HTML page to be posted."""
    reading = Reading(document)
    facts, tables = _summary(reading)
    known = [("Tool", facts["tool"]), ("Version", facts["version"])]
    known += [(title, words(facts[key]) or "Not recorded") for key, title in _FACTS]
    blocks: list[Block] = [Table("The audit", ("What", "Value"), tuple(known))]
    for table in tables:
        rows = tuple(_shown(row) for row in table.rows)
        unknown = words(table.unknown) or "not recorded"
        caption = f"{'Crossing' if table.crossing else 'Category'}: {table.attribute} (unknown: {unknown})"
        blocks += section(2, table.attribute, [Table(caption, _COLUMNS, rows)])
    if not tables:
        blocks.append(Heading(2, "No table of categories is recorded for this version"))
    language = reading.root.part("card").peek("language")
    title = f"Bias audit of {facts['tool']}, {facts['version']}"
    page = page_of(title, blocks, language=language, reading=reading)
    return reading.export(page.encode(), "text/html; charset=utf-8", "bias-audit.html")
