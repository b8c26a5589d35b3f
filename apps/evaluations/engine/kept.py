"""The rows of a part as a comparison needs them: ids, labels, scores, decisions, weights and groups, as an Arrow table.

What a comparison pairs cannot be summed before both tables are there, so these few columns travel with a part's sums.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from apps.evaluations.engine.reading.typed import encoded, plain_array, repeats
from apps.evaluations.engine.table import Floats, Grouping, Problem, Rows, Table, TableInvalid, narrow

_GROUP = "group/"


def kept(table: Table) -> pa.Table:
    """Return the rows of a binary table."""
    columns: dict[str, Any] = {"y": table.y, "decision": table.decision}
    if table.score is not None:
        columns["score"] = table.score
    if table.weights is not None:
        columns["weight"] = table.weights
    if table.rows.ids is not None:
        columns["id"] = table.rows.ids
    for name, group in table.groups.items():
        values = pa.array(group.values, pa.string())
        columns[_GROUP + name] = pa.DictionaryArray.from_arrays(pa.array(group.codes), values)
    return pa.table(columns)


def to_bytes(rows: pa.Table) -> Any:
    """Return rows as bytes (n,)."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return np.frombuffer(sink.getvalue(), dtype=np.uint8)


def from_bytes(content: Any) -> pa.Table:
    """Read what ``to_bytes`` wrote."""
    return pa.ipc.open_stream(pa.py_buffer(content)).read_all()


def stacked(parts: list[pa.Table], *, probability: bool, id_column: str | None) -> Table:
    """Return the table of all parts' rows in their order. Raises TableInvalid where an id stands in two of them."""
    if len({part.schema.field("id").type for part in parts if "id" in part.column_names}) > 1:
        parts = [_with_text_ids(part) for part in parts]
    whole = pa.concat_tables(parts)
    ids = _ids(whole, id_column)
    score, weight = (_floats(whole, name) for name in ("score", "weight"))
    groups = {
        name.removeprefix(_GROUP): _grouping(whole.column(name))
        for name in whole.column_names
        if name.startswith(_GROUP)
    }
    rows = Rows(whole.num_rows, groups, ids, weight)
    return Table(
        plain_array(whole.column("y")), score, plain_array(whole.column("decision")), rows, probability
    )


def _with_text_ids(part: pa.Table) -> pa.Table:
    place = part.schema.get_field_index("id")
    return part.set_column(place, "id", part.column("id").cast(pa.string()))


def _floats(whole: pa.Table, name: str) -> Floats | None:
    return plain_array(whole.column(name)) if name in whole.column_names else None


def _ids(whole: pa.Table, name: str | None) -> Any:
    if "id" not in whole.column_names:
        return None
    column = whole.column("id")
    if pa.types.is_integer(column.type):
        numbers = plain_array(column)
        if len(numbers) < 2 or bool(np.all(numbers[1:] > numbers[:-1])):
            return numbers
    array = encoded(column)
    if len(array.dictionary) < len(array):
        again = repeats(plain_array(array.indices))
        rows = tuple(int(row) + 1 for row in np.flatnonzero(again)[:5])
        sentence = f"{int(again.sum())} ids in “{name}” stand in more than one part of the table. Each row needs its own."
        raise TableInvalid([Problem("duplicate_id", name, rows, sentence)])
    return plain_array(column) if pa.types.is_integer(column.type) else column


def _grouping(column: pa.ChunkedArray) -> Grouping:
    """Return a group column with its values sorted, as a single pass has them."""
    array = encoded(column)
    values = array.dictionary.to_pylist()
    order = np.argsort(np.array(values, dtype=str), kind="stable")
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    return Grouping(
        tuple(values[index] for index in order), narrow(place[plain_array(array.indices)], len(values))
    )
