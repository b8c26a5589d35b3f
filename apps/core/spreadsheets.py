"""Rows as CSV that a spreadsheet does not run (guarantee 27)."""

import csv
import io
from collections.abc import Iterable
from typing import Any

#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """Return a value that a spreadsheet will not run; numbers stay numbers."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def uncell(text: str) -> str:
    """Return what a cell said before ``cell`` wrote a quote in front of it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def csv_of(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as CSV text."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
