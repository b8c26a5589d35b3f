"""The gate in what CI servers read: which format a request asks for, and how OpenAPI names them."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from apps.core.errors import Invalid
from apps.gates.reporting import FORMATS, Format


class ReportRenderer(JSONRenderer):
    """Sends a report that is made already; a problem is JSON in every format."""

    made: Format

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        return bytes(super().render(data, accepted_media_type, renderer_context))


def _renderer(made: Format) -> type[ReportRenderer]:
    charset = "utf-8" if made.media_type.startswith("text/") else None
    facts = {"made": made, "media_type": made.media_type, "format": made.key, "charset": charset}
    return cast(type[ReportRenderer], type(f"{made.key.capitalize()}Renderer", (ReportRenderer,), facts))


#: The first is what is answered without a wish.
RENDERERS: list[type[BaseRenderer]] = [JSONRenderer, *(_renderer(made) for made in FORMATS)]
REPORTS: dict[Any, Any] = {(200, made.media_type): OpenApiTypes.STR for made in FORMATS}
GATE_HEADERS = [
    OpenApiParameter(
        "Mlgov-Gate",
        str,
        OpenApiParameter.HEADER,
        enum=["pass", "fail", "inconclusive", "missing"],
        response=[200],
        description="what the gate says, in every format",
    ),
    OpenApiParameter(
        "Mlgov-Open-Jobs",
        int,
        OpenApiParameter.HEADER,
        response=[200],
        description="jobs about the version that wait or run, and may still change the answer",
    ),
]


class ByFormatOrAccept(DefaultContentNegotiation):
    """``?format=`` names a format outright, whatever is accepted; without it the header Accept decides."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers, wanted = list(renderers), request.query_params.get("format", "")
        if wanted:
            for one in renderers:
                if one.format == wanted:
                    return one, str(one.media_type)
            known = ", ".join(str(one.format) for one in renderers)
            raise Invalid(f"There is no format “{wanted[:40]}”. There are {known}.", code="unknown_format")
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            types = ", ".join(str(one.media_type) for one in renderers)
            raise NotAcceptable(f"Nothing of what Accept names is made here. There are {types}.") from None
        return chosen
