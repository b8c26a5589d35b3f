"""Cursor pages: stable while rows arrive, and as quick on the last page as on the first."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Newest first by the time-ordered id; ``?cursor=`` goes on, ``?page_size=`` up to 200."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
