"""Read the declared columns of a Parquet or CSV file, with every way in which a file is not what it says."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.evaluations.engine.table import Limits, Problem, TableInvalid

#: Spellings of "no value" in CSV.
NULLS = frozenset({"", "na", "nan", "null", "none", "n/a"})
_ARCHIVES = {
    b"PK\x03\x04": "ZIP",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7z",
    b"\xfd7zXZ": "xz",
}


@dataclass(frozen=True)
class Raw:
    """Columns as object arrays: None for no value, else what the file holds."""

    format: str
    header: tuple[str, ...]
    rows: int
    columns: dict[str, np.ndarray[Any, Any]]


def refuse(
    code: str, sentence: str, *, column: str | None = None, rows: tuple[int, ...] = ()
) -> TableInvalid:
    """Return the error for one fault that ends the reading."""
    return TableInvalid([Problem(code, column, rows, sentence)])


def read_raw(path: Path, wanted: tuple[str, ...], limits: Limits, *, name: str = "") -> Raw:
    """Read ``wanted`` columns of the file, whose sender called it ``name``. Raises TableInvalid.

    The content decides the format; a name that promises Parquet over other content is refused.
    """
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - 4))
        end = file.read(4)
    if not start:
        raise refuse("empty_file", "The file has no content. Check how it was written.")
    for magic, kind in _ARCHIVES.items():
        if start.startswith(magic):
            raise refuse("archive", f"This is a {kind} archive. Send the Parquet or CSV file itself.")
    if start[:4] == b"PAR1":
        if end != b"PAR1":
            raise refuse("not_parquet", "The Parquet file is cut off: its end is missing. Send it again.")
        return _read_parquet(path, wanted, limits)
    if (name or path.name).lower().endswith((".parquet", ".pq")):
        raise refuse(
            "not_parquet",
            "The file is called Parquet, but it is not: its first bytes are no PAR1. Send Parquet, or name it .csv.",
        )
    return _read_csv(path, wanted, limits)


def _demand(wanted: tuple[str, ...], header: tuple[str, ...]) -> None:
    missing = [name for name in wanted if name not in header]
    if missing:
        raise TableInvalid(
            [
                Problem(
                    "column_missing",
                    name,
                    (),
                    f"There is no column “{name}”. The file has: {', '.join(header[:40])}. Correct the column map or the file.",
                )
                for name in missing
            ]
        )


def _read_parquet(path: Path, wanted: tuple[str, ...], limits: Limits) -> Raw:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise refuse("not_parquet", f"The file is no readable Parquet ({str(error)[:120]}).") from None
    footer, schema = file.metadata, file.schema_arrow
    if footer.num_rows > limits.rows:
        raise refuse(
            "too_many_rows",
            f"The file has {footer.num_rows:,} rows; the limit is {limits.rows:,}. Send a sample.",
        )
    if len(schema.names) > limits.columns:
        raise refuse(
            "too_many_columns",
            f"The file has {len(schema.names):,} columns; the limit is {limits.columns}. Send only those that are needed.",
        )
    _demand_distinct(schema.names)
    _demand(wanted, tuple(schema.names))
    for name in wanted:
        if pa.types.is_nested(schema.field(name).type):
            raise refuse(
                "nested_column",
                f"The column “{name}” holds lists or structures; a plain value is needed.",
                column=name,
            )
    if footer.num_rows == 0:
        raise refuse("no_rows", "The file has columns but no rows.")
    text = [
        name
        for name in wanted
        if pa.types.is_string(schema.field(name).type) or pa.types.is_large_string(schema.field(name).type)
    ]
    try:
        table = pq.read_table(path, columns=list(wanted), read_dictionary=text, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise refuse(
            "not_parquet", f"The Parquet file cannot be read to its end ({str(error)[:120]})."
        ) from None
    return Raw(
        "parquet",
        tuple(schema.names),
        table.num_rows,
        {name: _objects(table.column(name)) for name in wanted},
    )


def _objects(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return (
        column.to_numpy()
        if column.null_count == 0 and _is_number(column.type)
        else np.array(column.to_pylist(), object)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _demand_distinct(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableInvalid(
            [
                Problem(
                    "duplicate_column", name, (), f"The column “{name}” stands in the file twice. Rename one."
                )
                for name in twice
            ]
        )


def _header_of(lines: Iterator[list[str]], wanted: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    header = tuple(name.strip() for name in next(lines, []))
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        found = "semicolons" if ";" in header[0] else "tabs"
        raise refuse(
            "delimiter",
            f"The columns are separated by {found}. Save the file with commas and decimal points.",
        )
    _demand_distinct(list(header))
    if len(header) > limits.columns:
        raise refuse(
            "too_many_columns", f"The file has {len(header):,} columns; the limit is {limits.columns}."
        )
    _demand(wanted, header)
    return header


def _read_csv(path: Path, wanted: tuple[str, ...], limits: Limits) -> Raw:
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4096]:
        raise refuse("encoding", "The file is UTF-16 or binary. Save it as UTF-8 text or Parquet.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse("encoding", f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    lines = csv.reader(text.splitlines(), strict=True)
    header = _header_of(lines, wanted, limits)
    places = {name: header.index(name) for name in wanted}
    values: dict[str, list[str | None]] = {name: [] for name in wanted}
    count = 0
    try:
        for row in lines:
            if not row:
                continue
            count += 1
            if len(row) != len(header):
                raise refuse(
                    "ragged",
                    f"Line {lines.line_num} has {len(row)} values, the header has {len(header)}. Mend the line.",
                )
            if count > limits.rows:
                raise refuse(
                    "too_many_rows",
                    f"The file has over {limits.rows:,} rows, which is the limit. Send a sample.",
                )
            for name, place in places.items():
                cell = row[place].strip()
                values[name].append(None if cell.lower() in NULLS else cell)
    except csv.Error as error:
        raise refuse("ragged", f"Line {lines.line_num} cannot be read ({error}). Mend the line.") from None
    if count == 0:
        raise refuse("no_rows", "The file has a header but no rows.")
    return Raw("csv", header, count, {name: np.array(cells, object) for name, cells in values.items()})
