"""Records of the audit trail, for those who look back and for those who keep in step."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.accounts.enums import Scope
from apps.api.audit import moment
from apps.api.base import Endpoint, Output
from apps.api.paging import CursorPages
from apps.api.site import EventOut
from apps.api.waiting import PREFER, applied, wait_to_read
from apps.assurance.queries import events_for, events_to_follow_for
from apps.audit.following import END, Followed, follow, place_of
from apps.audit.models import Event
from apps.audit.queries import narrowed
from apps.core.errors import Invalid
from apps.core.memory import reading_anew
from apps.core.texts import asked
from apps.projects.queries import project_by_id_for

PARAMETERS = [
    OpenApiParameter(
        "after",
        str,
        description="the cursor that you keep: answers what was sealed after it, oldest first. Empty: from the "
        f"beginning; `{END}`: from now on. Without it the newest come first",
    ),
    OpenApiParameter("kind", str, description="the beginning of a kind"),
    OpenApiParameter("project", UUID, description="one project alone"),
    OpenApiParameter("actor", str, description="a part of the name of who acted"),
    OpenApiParameter("object", str, description="a part of the object's name"),
    OpenApiParameter("since", datetime),
    OpenApiParameter("until", datetime),
    OpenApiParameter("page_size", int, description=f"at most {CursorPages.max_page_size}"),
    OpenApiParameter("cursor", str, description="a page of the newest, as `next` has it; not beside `after`"),
    PREFER,
]
EXAMPLE = OpenApiExample(
    "after a cursor",
    response_only=True,
    status_codes=["200"],
    value={
        "next": None,
        "previous": None,
        "results": [
            {
                "id": 4711,
                "kind": "projects.project_changed",
                "sentence": "changed the project Mortgages",
                "actor": "Ada",
                "project": "0199c3f0-a5b1-7cc2-a1d3-4c7f5b0d2e11",
                "object": "Mortgages",
                "object_type": "projects.project",
                "object_id": "0199c3f0-a5b1-7cc2-a1d3-4c7f5b0d2e11",
                "sequence": 7,
                "recorded_at": "2026-03-01T12:00:00Z",
                "leaf_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "data": {},
            }
        ],
        "cursor": "4702.9f86d081884c7d65",
    },
)


class EventPageOut(Output):
    next = serializers.URLField(allow_null=True, help_text="more that is there already; null at the end")
    previous = serializers.URLField(allow_null=True, help_text="null with `after`")
    results = EventOut(many=True)
    cursor = serializers.CharField(
        required=False, help_text="with `after` alone: keep it, and send it as the next `after`"
    )


class Events(Endpoint):
    scopes = {"GET": Scope.READ}

    @extend_schema(parameters=PARAMETERS, responses=EventPageOut, examples=[EXAMPLE])
    def get(self, request: Request) -> Response:
        """List the records that you may read: all for auditors, else those of your projects.

        The newest come first. With `after` they come in the order of the seal, each exactly once, as far as they are sealed.
        """
        after = request.query_params.get("after")
        if after is None:
            return self.page(self._asked_for(events_for(self.user)), EventOut)
        if "cursor" in request.query_params:
            raise Invalid("Send either after or cursor: they read in opposite orders.", code="two_cursors")
        return self._follow(request, asked(request.query_params, "after"))

    def _asked_for(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """Narrow what the user may read as the address says."""
        given = self.request.query_params
        if "project" in given:
            events = events.filter(project_id=project_by_id_for(self.user, _uuid(given["project"])).pk)
        return narrowed(
            events,
            kind=asked(given, "kind", most=80),
            actor=asked(given, "actor", most=80),
            subject=asked(given, "object", most=80),
            since=moment(self.request, "since"),
            until=moment(self.request, "until"),
        )

    def _follow(self, request: Request, cursor: str) -> Response:
        place = place_of(cursor)
        size = CursorPages().get_page_size(request) or CursorPages.max_page_size
        found: Followed

        def look() -> bool:
            nonlocal found
            # While one waits, members come and go: each look asks anew what the user may read.
            with reading_anew():
                found = follow(self._asked_for(events_to_follow_for(self.user)), place, most=size)
            return bool(found.events)

        # Without the preference nobody has looked yet.
        seconds = wait_to_read(request, look)
        if seconds is None:
            look()
        address = replace_query_param(request.build_absolute_uri(), "after", found.place.cursor)
        page = {
            "next": address if found.has_more else None,
            "previous": None,
            "results": found.events,
            "cursor": found.place.cursor,
        }
        return applied(Response(EventPageOut(page).data), seconds)


def _uuid(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise Invalid(
            "project is not the id of a project. Take it from GET /projects.", code="bad_project"
        ) from None
