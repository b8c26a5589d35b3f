"""Pages of a list."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest


def page_of(request: HttpRequest, rows: QuerySet[Any] | list[Any], *, size: int = 25) -> Page[Any]:
    """Return the page that ``?page=`` asks for; a number out of range gives the nearest page there is."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
