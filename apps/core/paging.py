"""Pages of a list."""

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest


class LongPaginator(Paginator):
    """Pages of a list that only grows, as far as its newest ``MOST`` rows: counting millions takes longer than the page.

    Older rows are reached by a filter.
    """

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        assert isinstance(self.object_list, QuerySet), "what is long is read from the database"
        return self.object_list[: self.MOST].count()

    @property
    def is_cut(self) -> bool:
        """There may be more rows than are counted."""
        return self.count == self.MOST


def page_of(
    request: HttpRequest, rows: QuerySet[Any] | list[Any], *, size: int = 25, long: bool = False
) -> Page[Any]:
    """Return the page that ``?page=`` asks for; a number out of range gives the nearest page there is."""
    paginator = LongPaginator if long else Paginator
    return paginator(rows, size).get_page(request.GET.get("page"))
