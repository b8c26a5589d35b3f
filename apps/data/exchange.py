"""Features as CSV and YAML, and back. Pure: text in, rows or faults out."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from apps.core.errors import Invalid
from apps.core.spreadsheets import csv_of

COLUMNS = (
    *("name", "description", "data_type", "source_table", "source", "owner", "known_issues"),
    *("offline_storage", "offline_compute", "offline_refresh"),
    *("online_storage", "online_refresh", "online_latency_ms", "retired"),
)
MOST_BYTES = 1_000_000
MOST_ROWS = 2_000
LONGEST = 20_000
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
    found, faults = [], []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(_row(row))
        except Invalid as error:
            faults.append((number, error.sentence))
    return Read(found, faults)


def _csv_rows(text: str) -> list[Any]:
    reader = csv.DictReader(io.StringIO(text), restkey="too many cells")
    try:
        return [
            {key: _plain(value) for key, value in row.items() if value not in (None, "")} for row in reader
        ]
    except csv.Error as error:
        raise Invalid(f"This is not CSV ({error}).", code="not_csv", field="file") from error


def _plain(value: Any) -> Any:
    """Undo what an export writes before a formula."""
    return value[1:] if isinstance(value, str) and value[:2] in ("'=", "'+", "'-", "'@") else value


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
    text = "" if value is None else str(value).strip()
    if isinstance(value, dict | list) or "\x00" in text or len(text) > _LIMITS.get(key, LONGEST):
        raise Invalid(
            f"{key} is no text of at most {_LIMITS.get(key, LONGEST):,} characters.", code="bad_value"
        )
    if key == "retired":
        if text.lower() not in _YES:
            raise Invalid(f"retired is yes or no, not “{text[:40]}”.", code="bad_value")
        return _YES[text.lower()]
    if key == "online_latency_ms":
        try:
            return float(text) if text else None
        except ValueError:
            raise Invalid(f"online_latency_ms is a number, not “{text[:40]}”.", code="bad_value") from None
    return text
