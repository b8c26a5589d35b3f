"""A short way for programs: what serves pages (sessions, cookies, messages, htmx) does nothing for them but take time."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

#: What the middleware of pages would say, for answers that no page is made of.
_HEADERS = {"X-Frame-Options": "DENY", "Content-Security-Policy": "default-src 'none'; sandbox"}

#: The same few addresses come a thousand times a second.
_resolved = lru_cache(maxsize=1024)(resolve)


class ProgramLaneMiddleware:
    """Answer addresses under `PROGRAM_LANES` without the middleware that stands below this one.

    Their views sign in by tokens alone, answer their own errors, and read nothing that a cookie says.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(settings.PROGRAM_LANES):
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost
        try:
            match = _resolved(request.path_info)
        except Resolver404:
            # What says that nothing is here is a page, and gets what pages get.
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response
