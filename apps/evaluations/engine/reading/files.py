"""Read the declared columns of a Parquet or CSV file, with every way in which a file is not what it says."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from apps.evaluations.engine.reading.weighing import Weighing
from apps.evaluations.engine.table import Limits, Problem, TableInvalid

#: Spellings of "no value" in text, compared without case.
NULLS = ("", "na", "nan", "null", "none", "n/a")
_ARCHIVES = {
    b"PK\x03\x04": "ZIP",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7z",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
_BLOCK = 1 << 20
#: The first line of a CSV may not be longer than this.
_HEADER_BYTES = 1 << 20
#: A list column may hold this many values for each row that a file may have.
_VALUES_PER_ROW = 20


@dataclass(frozen=True)
class Source:
    """The declared columns of a file: CSV columns are text, Parquet columns have their own types."""

    format: str
    header: tuple[str, ...]
    table: pa.Table
    first_row: int = 0
    #: What the weights of the whole table sum to, where this is a part of it.
    weighing: Weighing | None = None

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column."""
        return self.table.column(name)


def refuse(
    code: str, sentence: str, *, column: str | None = None, rows: tuple[int, ...] = ()
) -> TableInvalid:
    """Return the error for one fault that ends the reading."""
    return TableInvalid([Problem(code, column, rows, sentence)])


def read_source(
    path: Path,
    wanted: tuple[str, ...],
    limits: Limits,
    *,
    name: str = "",
    lists: frozenset[str] = frozenset(),
    row_groups: tuple[int, ...] | None = None,
) -> Source:
    """Read ``wanted`` columns of the file, whose sender called it ``name``. Raises TableInvalid.

    The content decides the format; a name that promises Parquet over other content is refused. Columns named in
    ``lists`` may hold lists. ``row_groups`` reads a part of a Parquet file.
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
        with _whole():
            return _read_parquet(path, wanted, limits, lists, row_groups)
    if (name or path.name).lower().endswith((".parquet", ".pq")):
        raise refuse(
            "not_parquet",
            "The file is called Parquet, but it is not: its first bytes are no PAR1. Send Parquet, or name it .csv.",
        )
    return _read_csv(path, wanted, limits)


def columns_of(path: Path, limits: Limits) -> tuple[str, ...]:
    """Return the names of a file's columns without reading its rows; raises TableInvalid."""
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    if not parquet:
        return _csv_header(path, (), limits)
    with _whole():
        return tuple(_open_parquet(path, limits).schema_arrow.names)


def row_groups_of(path: Path, limits: Limits) -> list[int]:
    """Return the number of rows of each row group of a Parquet file; raises TableInvalid."""
    with _whole():
        footer = _open_parquet(path, limits).metadata
        return [int(footer.row_group(index).num_rows) for index in range(footer.num_row_groups)]


@contextmanager
def _whole() -> Iterator[None]:
    """Refuse a Parquet file whose footer says what cannot be: names that are no text, columns that are not there."""
    try:
        yield
    except (pa.ArrowException, UnicodeError, IndexError) as error:
        raise refuse(
            "not_parquet", f"The Parquet file is damaged ({str(error)[:120]}). Send it again."
        ) from None


def _demand(wanted: tuple[str, ...], header: tuple[str, ...]) -> None:
    missing = [name for name in wanted if name not in header]
    if missing:
        shown = ", ".join(header[:40]) + (" …" if len(header) > 40 else "")
        raise TableInvalid(
            [
                Problem(
                    "column_missing",
                    name,
                    (),
                    f"There is no column “{name}”. The file has: {shown}. Correct the column map or the file.",
                )
                for name in missing
            ]
        )


def _demand_distinct(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise TableInvalid(
            [
                Problem(
                    "duplicate_column", name, (), f"The column “{name}” stands in the file twice. Rename one."
                )
                for name in twice
            ]
        )


def _open_parquet(path: Path, limits: Limits) -> pq.ParquetFile:
    """Open a Parquet file and look at its footer before a row is read: the footer may ask for any amount of memory."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise refuse("not_parquet", f"The file is no readable Parquet ({str(error)[:120]}).") from None
    footer, names = file.metadata, file.schema_arrow.names
    if footer.num_rows > limits.rows:
        raise refuse(
            "too_many_rows",
            f"The file has {footer.num_rows:,} rows; the limit is {limits.rows:,}. Send a sample.",
        )
    if len(names) > limits.columns:
        raise refuse(
            "too_many_columns",
            f"The file has {len(names):,} columns; the limit is {limits.columns}. Send only those that are needed.",
        )
    _demand_distinct(names)
    if footer.num_rows == 0:
        raise refuse("no_rows", "The file has columns but no rows.")
    return file


def _read_parquet(
    path: Path,
    wanted: tuple[str, ...],
    limits: Limits,
    lists: frozenset[str],
    row_groups: tuple[int, ...] | None,
) -> Source:
    file = _open_parquet(path, limits)
    schema = file.schema_arrow
    _demand(wanted, tuple(schema.names))
    for name in wanted:
        kind = schema.field(name).type
        if pa.types.is_nested(kind) and not (name in lists and _is_list(kind)):
            raise refuse(
                "nested_column",
                f"The column “{name}” holds lists or structures; a plain value is needed. Write one value per row.",
                column=name,
            )
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            raise refuse("type", f"The column “{name}” holds bytes; text or numbers are needed.", column=name)
    _demand_few_values(file, wanted, limits)
    # Text is read as dictionaries: a few bytes that repeat a long text a billion times stay a few bytes.
    text = [name for name in wanted if _is_text(schema.field(name).type)]
    try:
        file = pq.ParquetFile(path, read_dictionary=text, buffer_size=_BLOCK, pre_buffer=False)
        groups = list(range(file.metadata.num_row_groups)) if row_groups is None else list(row_groups)
        table = file.read_row_groups(groups, columns=list(wanted), use_threads=False)
        # Damaged text and indices are found here, not in the middle of a report.
        table.validate(full=True)
        first = sum(file.metadata.row_group(index).num_rows for index in range(groups[0])) if groups else 0
    except (pa.ArrowException, OSError) as error:
        raise refuse(
            "not_parquet", f"The Parquet file cannot be read to its end ({str(error)[:120]})."
        ) from None
    return Source("parquet", tuple(schema.names), table, first)


def _demand_few_values(file: pq.ParquetFile, wanted: tuple[str, ...], limits: Limits) -> None:
    """Refuse columns whose chunks claim more values than rows can have: a few bytes may claim billions."""
    footer = file.metadata
    for column in range(footer.num_columns):
        name = footer.schema.column(column).path.split(".")[0]
        if name not in wanted:
            continue
        values = sum(
            footer.row_group(group).column(column).num_values for group in range(footer.num_row_groups)
        )
        if values > limits.rows * _VALUES_PER_ROW:
            raise refuse(
                "too_many_values",
                f"The column “{name}” claims {values:,} values; the limit is {limits.rows * _VALUES_PER_ROW:,}. "
                "Send a sample.",
                column=name,
            )


def _is_list(kind: pa.DataType) -> bool:
    """Return whether the type is a list of plain values."""
    return bool(
        (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and not pa.types.is_nested(kind.value_type)
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _csv_header(path: Path, wanted: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in start[:4096]:
        raise refuse("encoding", "The file is UTF-16 or binary. Save it as UTF-8 text or Parquet.")
    text = start.decode("utf-8-sig", errors="replace")
    try:
        header = tuple(name.strip() for name in next(csv.reader(io.StringIO(text), strict=True), []))
    except csv.Error as error:
        raise refuse("ragged", f"The first line cannot be read ({error}). Mend the line.") from None
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        found = "semicolons" if ";" in header[0] else "tabs"
        raise refuse(
            "delimiter",
            f"The columns are separated by {found}. Save the file with commas and decimal points.",
        )
    if any("\n" in name or "\r" in name for name in header):
        raise refuse(
            "ragged", "A column's name in the first line runs over its end. Close its quotation marks."
        )
    _demand_distinct(list(header))
    if len(header) > limits.columns:
        raise refuse(
            "too_many_columns", f"The file has {len(header):,} columns; the limit is {limits.columns}."
        )
    _demand(wanted, header)
    return header


def _demand_utf8(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with path.open("rb") as file:
        place = 0
        while block := file.read(_BLOCK):
            before = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                byte = place - before + error.start
                raise refuse("encoding", f"The file is not UTF-8 (byte {byte}). Save it as UTF-8.") from None
            place += len(block)


def _read_csv(path: Path, wanted: tuple[str, ...], limits: Limits) -> Source:
    header = _csv_header(path, wanted, limits)
    _demand_utf8(path)
    ragged: list[pacsv.InvalidRow] = []

    def stop(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    try:
        reader = pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=4 * _BLOCK, column_names=list(header), skip_rows=1
            ),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=stop),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in header},
                include_columns=list(wanted),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
        batches, count = [], 0
        for batch in reader:
            count += batch.num_rows
            if count > limits.rows:
                raise refuse(
                    "too_many_rows",
                    f"The file has over {limits.rows:,} rows, which is the limit. Send a sample.",
                )
            batches.append(batch)
    except pa.ArrowException as error:
        raise _unreadable(error, ragged) from None
    if count == 0:
        raise refuse("no_rows", "The file has a header but no rows.")
    table = pa.Table.from_batches(batches)
    return Source("csv", header, pa.table({name: _without_null_words(table.column(name)) for name in wanted}))


def _unreadable(error: pa.ArrowException, ragged: list[pacsv.InvalidRow]) -> TableInvalid:
    if ragged:
        row = ragged[0]
        where = f"Row {row.number - 1}" if row.number else f"The row “{row.text[:60]}”"
        return refuse(
            "ragged",
            f"{where} has {row.actual_columns} values, the header has {row.expected_columns}. Mend the line.",
            rows=(row.number - 1,) if row.number else (),
        )
    if "Empty CSV" in str(error):
        return refuse("no_rows", "The file has a header but no rows.")
    return refuse("ragged", f"The file cannot be read ({str(error)[:160]}). Mend the line.")


def _without_null_words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(column)
    empty = pc.is_in(pc.utf8_lower(text), value_set=pa.array(NULLS))
    return pc.if_else(empty, pa.scalar(None, pa.string()), text)
