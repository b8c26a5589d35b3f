"""Reading several kinds of rows of which most pages have none."""

from typing import Any

from django.db.models import QuerySet, Value


def rows_of(**wanted: QuerySet[Any]) -> dict[str, list[Any]]:
    """Return the rows of each query by name: one query says which have any, and only those are asked for them."""
    first, *others = [
        rows.order_by()
        .select_related(None)
        .prefetch_related(None)
        .annotate(of_query=Value(name))
        .values_list("of_query", flat=True)[:1]
        for name, rows in wanted.items()
    ]
    there = set(first.union(*others, all=True))
    return {name: list(rows) if name in there else [] for name, rows in wanted.items()}
