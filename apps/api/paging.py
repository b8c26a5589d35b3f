"""Cursor pages: stable while rows arrive, and as quick on the last page as on the first."""

from typing import Any

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Newest first by the time-ordered id; ``?cursor=`` goes on, ``?page_size=`` up to 200."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page in JSON Schema of 2020, as OpenAPI 3.1 has it; the framework's own is of 3.0."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link | {"description": "The next page, or null on the last."},
                "previous": link | {"description": "The page before, or null on the first."},
                "results": schema,
            },
        }
