"""One view for all calls: who calls, may they, what do they send, and the answer or the error in the protocol's form."""

import msgspec
from django.http import HttpRequest, HttpResponse

from apps.accounts.enums import Scope
from apps.mlflow import wire
from apps.mlflow.callers import caller_of, demand_scope, shown_by
from apps.mlflow.errors import CallError, NoSuchCall
from apps.mlflow.speaking import speaks
from apps.mlflow.table import Call, calls_at

#: The protocol's version that is spoken; clients ask for it, some before they use what is new.
PROTOCOL = "3.18.0"


@speaks
def call(request: HttpRequest, address: str, slug: str = "") -> HttpResponse:
    """Answer a call, in the project that the address names or in the caller's only one."""
    shown = shown_by(request, slug)
    found, named = _found(request, address)
    demand_scope(shown.token, found.scope)
    caller = caller_of(shown, slug)
    form = (
        wire.decode_query(request.GET, found.form)
        if request.method == "GET"
        else wire.decode(request.body, found.form)
    )
    return wire.answer(found.does(caller, msgspec.structs.replace(form, **named) if named else form))


def _found(request: HttpRequest, address: str) -> tuple[Call, dict[str, str]]:
    methods, named = calls_at(address.strip("/"))
    if methods is None:
        raise NoSuchCall(address)
    if request.method not in methods:
        takes = ", ".join(sorted(methods))
        raise CallError(
            f"The call {address[:100]} does not take {request.method}. It takes: {takes}.",
            code="BAD_REQUEST",
            status=405,
            Allow=takes,
        )
    return methods[request.method], named


@speaks
def health(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Answer that the server is there, to whoever has a token."""
    return _text(request, "OK")


@speaks
def version(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Answer which version of the protocol is spoken."""
    return _text(request, PROTOCOL)


def _text(request: HttpRequest, text: str) -> HttpResponse:
    demand_scope(shown_by(request).token, Scope.READ)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@speaks
def unknown(request: HttpRequest, address: str = "") -> HttpResponse:
    """Answer for addresses that are none of the protocol's, in its own form."""
    shown_by(request)
    raise NoSuchCall(address)
