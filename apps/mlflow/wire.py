"""JSON as protobuf writes it: what comes in as a typed structure, what goes out as one piece.

int64 comes as a number or a string, an absent field or null means the default, what is unknown is ignored, and NaN and
infinities come bare (as Python writes them) or as the strings of protobuf, in which they also go out.
(https://protobuf.dev/programming-guides/json/)
"""

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec
from django.http import HttpResponse, QueryDict

from apps.core.errors import Invalid
from apps.core.texts import is_storable

T = TypeVar("T", bound=msgspec.Struct)
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
#: A double; the string is one of protobuf's names, or a number in quotes.
Double = float | str
_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_ADVICE = "See the API docs for more information about request parameters."


@cache
def _decoder(form: type[T]) -> "msgspec.json.Decoder[T]":
    return msgspec.json.Decoder(form, strict=False)


def decode(body: bytes, form: type[T]) -> T:
    """Return the body as a ``form``; raises Invalid, which names the parameter as MLflow's server does."""
    body = body or b"{}"
    try:
        found = _decoder(form).decode(body)
    except msgspec.ValidationError as error:
        raise _wrong(error, _loose(body)) from None
    except (RecursionError, UnicodeDecodeError):
        raise _no_json() from None
    except msgspec.DecodeError:
        # Bare NaN is no JSON, but what Python's own module writes.
        return _convert(_loose(body), form)
    if b"\\u0000" in body or b"\\ud" in body.lower():
        _demand_storable(_loose(body))
    return found


def decode_query(query: QueryDict, form: type[T]) -> T:
    """Return the parameters of an address as a ``form``; lists are parameters that come more than once."""
    lists = _lists_of(form)
    given: dict[str, Any] = {}
    for written, values in query.lists():
        name = written.removesuffix("[]")
        given[name] = values if name in lists else values[-1]
    return _convert(given, form)


@cache
def _lists_of(form: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(one.name for one in msgspec.structs.fields(form) if "list[" in str(one.type))


def _convert(given: Any, form: type[T]) -> T:
    _demand_storable(given)
    try:
        return msgspec.convert(given, form, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(error, given) from None


def _loose(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _no_json() from None


def _no_json() -> Invalid:
    return Invalid(
        "The body of the request is no JSON that can be read. Send a JSON object.", code="bad_json"
    )


def _demand_storable(given: Any) -> None:
    try:
        storable = is_storable(given)
    except RecursionError:
        raise _no_json() from None
    if not storable:
        raise Invalid(
            "A text holds NUL or half a surrogate pair, which cannot be kept. Send Unicode text.",
            code="bad_text",
        )


def _wrong(error: msgspec.ValidationError, given: Any) -> Invalid:
    """Say which parameter is wrong, in the words of MLflow's own server: its clients and tests look for them."""
    match = _PLACE.match(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    missing = _MISSING.match(what)
    if missing:
        path, what = f"{path}.{missing[1]}", "null"
    name = path.removeprefix(".")
    if not name:
        return _no_json()
    if what == "null" or what.endswith("got `null`"):
        return Invalid(f"Missing value for required parameter '{name}'. {_ADVICE}", code="missing_parameter")
    value = json.dumps(_at(given, path), separators=(",", ":"))[:200]
    return Invalid(
        f"Invalid value {value} for parameter '{name}' supplied: {what}. {_ADVICE}", code="bad_parameter"
    )


def _at(given: Any, path: str) -> Any:
    for name, place in _STEP.findall(path):
        try:
            given = given[int(place)] if place else given[name]
        except (LookupError, TypeError):
            return None
    return given


def number(value: Double, *, parameter: str) -> float:
    """Return the double; raises Invalid for a string that is none."""
    if not isinstance(value, str):
        return value
    if value in _NAMES:
        return _NAMES[value]
    try:
        found = float(value) if value.isascii() and "_" not in value else math.nan
    except ValueError:
        found = math.nan
    if math.isfinite(found):
        return found
    raise Invalid(
        f"Invalid value {json.dumps(value[:200])} for parameter '{parameter}' supplied: a number is needed. {_ADVICE}",
        code="bad_parameter",
    )


def double(value: float) -> Double:
    """Return the number as it is sent: protobuf's name for what JSON has no number for."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def answer(document: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Return the answer in one piece, with its length."""
    body = msgspec.json.encode(document)
    return HttpResponse(
        body,
        status=status,
        content_type="application/json",
        headers={"Content-Length": str(len(body)), "Cache-Control": "no-store"},
    )
