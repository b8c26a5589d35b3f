"""Features as CSV and YAML, and back. Pure: text in, rows or faults out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from apps.core.errors import Invalid
from apps.core.sheets import rows_in
from apps.core.spreadsheets import csv_of
from apps.core.texts import is_storable

COLUMNS = (
    *("name", "description", "data_type", "source_table", "source", "owner", "known_issues"),
    *("offline_storage", "offline_compute", "offline_refresh"),
    *("online_storage", "online_refresh", "online_latency_ms", "retired"),
)
MOST_BYTES = 1_000_000
MOST_ROWS = 2_000
LONGEST = 20_000
#: Of whole numbers: more digits than that are no value of a feature, and take Python minutes to write out.
LARGEST = 10**18
_LIMITS = {"name": 120, "data_type": 60, "source_table": 200, "source": 120, "owner": 254} | {
    **dict.fromkeys(("offline_storage", "offline_compute", "online_storage"), 200),
    **dict.fromkeys(("offline_refresh", "online_refresh"), 60),
}
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


@dataclass(frozen=True)
class Read:
    """Rows of a file by column, and what is wrong by row: (number from 1, sentence)."""

    rows: list[dict[str, Any]]
    faults: list[tuple[int, str]]


def csv_text(features: Iterable[Mapping[str, Any]]) -> str:
    """Return features as CSV that a spreadsheet does not run."""
    rows = [[one[name] for name in COLUMNS] for one in features]
    return csv_of([list(COLUMNS), *rows])


def yaml_text(features: Iterable[Mapping[str, Any]]) -> str:
    """Return features as YAML: a list under ``features``; empty fields are left out."""
    rows = [{name: one[name] for name in COLUMNS if one[name] not in ("", None, False)} for one in features]
    return yaml.safe_dump({"features": rows}, sort_keys=False, allow_unicode=True)


def parse(content: bytes, *, form: str) -> Read:
    """Return the rows of a file in ``form`` csv or yaml. Raises Invalid where it cannot be read as a whole."""
    if len(content) > MOST_BYTES:
        raise Invalid(
            f"The file is over {MOST_BYTES:,} bytes. Send it in parts.", code="too_large", field="file"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "The file is not UTF-8 text. Save it as UTF-8.", code="not_text", field="file"
        ) from error
    rows = _yaml_rows(text) if form == "yaml" else _csv_rows(text)
    if not rows:
        raise Invalid("The file has no features.", code="no_rows", field="file")
    if len(rows) > MOST_ROWS:
        raise Invalid(
            f"The file has {len(rows):,} features; the limit is {MOST_ROWS:,}. Send it in parts.",
            code="too_many_rows",
            field="file",
        )
    read = Read([], [])
    places: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            found = _row(row)
            first = places.setdefault(found["name"], number)
            if first != number:
                raise Invalid(f"“{found['name']}” stands in row {first} too.", code="name_twice")
            read.rows.append(found)
        except Invalid as error:
            read.faults.append((number, error.sentence))
    return read


def _csv_rows(text: str) -> list[Any]:
    """Return the rows; an empty cell of a column that is there empties the field, but no feature is without an owner."""
    rows = rows_in(text, required=("name",), optional=COLUMNS[1:])
    return [{key: value for key, value in row.items() if value or key != "owner"} for _, row in rows]


def _yaml_rows(text: str) -> list[Any]:
    if any(isinstance(token, yaml.AliasToken) for token in _tokens(text)):
        raise Invalid("The file uses aliases (*name). Write each feature out.", code="aliases", field="file")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid(f"This is not YAML ({str(error)[:200]}).", code="not_yaml", field="file") from error
    rows = data.get("features") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise Invalid("A YAML file holds a list under the key “features”.", code="not_a_list", field="file")
    return rows


def _tokens(text: str) -> list[Any]:
    try:
        return list(yaml.scan(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid(f"This is not YAML ({str(error)[:200]}).", code="not_yaml", field="file") from error


def _row(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or not row.get("name"):
        raise Invalid("A feature needs a name.", code="name_missing")
    unknown = sorted(str(key)[:60] for key in row if key not in COLUMNS)
    if unknown:
        raise Invalid(f"A feature has no {', '.join(unknown)}.", code="unknown_field")
    return {key: _value(key, value) for key, value in row.items()}


def _value(key: str, value: Any) -> Any:
    text = _text(value)
    if text is None or len(text) > _LIMITS.get(key, LONGEST):
        raise Invalid(
            f"{key} is no text of at most {_LIMITS.get(key, LONGEST):,} characters.", code="bad_value"
        )
    if key == "retired":
        if text.lower() not in _YES:
            raise Invalid(f"retired is yes or no, not “{text[:40]}”.", code="bad_value")
        return _YES[text.lower()]
    if key == "online_latency_ms":
        return _number(text)
    return text


def _text(value: Any) -> str | None:
    """Return a value as text that PostgreSQL can keep; None where it is none."""
    if isinstance(value, dict | list) or (isinstance(value, int) and abs(value) > LARGEST):
        return None
    text = "" if value is None else str(value).strip()
    return text if is_storable(text) else None


def _number(text: str) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        number = math.nan
    if number is not None and not math.isfinite(number):
        raise Invalid(f"online_latency_ms is a number, not “{text[:40]}”.", code="bad_value")
    return number
