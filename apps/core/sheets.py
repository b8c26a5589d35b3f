"""CSV files of people and pipelines: their rows by number, and everything that is wrong with them at once."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from apps.core.errors import Invalid
from apps.core.spreadsheets import uncell

LARGEST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
MOST_FAULTS = 50


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


def refused(sentence: str) -> Invalid:
    """Return the error for a file that is no such table."""
    return Invalid(f"{sentence} Nothing was imported.", code="bad_file", field="file")


def rows_of(
    content: bytes, *, required: Sequence[str], optional: Sequence[str] = ()
) -> list[tuple[int, dict[str, str]]]:
    """Return each row that is not empty, with the line it ends on; raises Invalid where the file is no such table."""
    found = rows_in(_text(content), required=required, optional=optional)
    if len(found) > MOST_ROWS:
        raise refused(f"The file has {len(found):,} rows; up to {MOST_ROWS:,} are taken at once. Split it.")
    if not found:
        raise refused("The file has a header and no rows.")
    return found


def rows_in(
    text: str, *, required: Sequence[str], optional: Sequence[str] = ()
) -> list[tuple[int, dict[str, str]]]:
    """Return each row of a text that is not empty, with the line it ends on; raises Invalid where it is no such table."""
    lines = _lines(text)
    header = [name.lower() for name in lines[0][1]] if lines else []
    _check_header(header, required, optional)
    found = [(number, line) for number, line in lines[1:] if any(line)]
    faults = Faults()
    for number, line in found:
        if len(line) != len(header):
            faults.add(number, "all", f"it has {len(line)} cells, and the header has {len(header)}.")
    faults.enforce()
    return [(number, dict(zip(header, line, strict=True))) for number, line in found]


def _text(content: bytes) -> str:
    if len(content) > LARGEST_BYTES:
        raise refused(f"The file is larger than {LARGEST_BYTES // 1024**2} MB. Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused("The file is not UTF-8. Save it as “CSV UTF-8”.") from None
    if "\x00" in text:
        raise refused("The file holds a zero byte, so it is no CSV. Save it as “CSV UTF-8”.")
    return text


def _lines(text: str) -> list[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    mark = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        return [(reader.line_num, [uncell(cell.strip()) for cell in line]) for line in reader]
    except csv.Error as error:
        raise refused(f"Row {reader.line_num} cannot be read: {error}.") from None


def _check_header(header: list[str], required: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    strange = [name for name in header if name not in (*required, *optional)]
    twice = sorted({name for name in header if header.count(name) > 1})
    for what, names in (("lacks", missing), ("does not know", strange), ("names twice", twice)):
        if names:
            more = f", and if you like {', '.join(optional)}" if optional else ""
            raise refused(
                f"The first row {what} {', '.join(f'“{name[:40]}”' for name in names[:6])}. "
                f"Columns are {', '.join(required)}{more}."
            )
