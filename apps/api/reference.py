"""The interface as a page, written from the schema, without a script."""

from dataclasses import dataclass
from typing import Any

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.api.openapi import document

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """A field of a body or an answer, or a parameter; ``place`` says where that stands."""

    name: str
    type: str
    needed: bool
    about: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    about: str
    parameters: list[Field]
    body: list[Field]
    answers: str


@login_required
@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    """Show every operation with its fields."""
    schema = document()
    rooms: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                operation = _operation(schema, method, path, item[method])
                rooms.setdefault(path.split("/")[3].strip("{}") or "api", []).append(operation)
    return render(request, "api/reference.html", {"rooms": sorted(rooms.items())})


@login_required
@require_GET
@csp_update({"img-src": ["data:"]})
def console(request: HttpRequest) -> HttpResponse:
    """Show Swagger UI, to try requests as the person who is signed in; its stylesheet holds its arrows as data."""
    return render(request, "api/console.html")


def _operation(schema: dict[str, Any], method: str, path: str, data: dict[str, Any]) -> Operation:
    content = data.get("requestBody", {}).get("content", {})
    first: dict[str, Any] = next(iter(content.values())) if content else {}
    body: dict[str, Any] = first.get("schema", {})
    return Operation(
        method=method.upper(),
        path=path,
        about=data.get("description", ""),
        parameters=[
            Field(
                one["name"],
                _type(one["schema"]),
                one.get("required", False),
                one.get("description", ""),
                "in the headers" if one["in"] == "header" else "in the address",
            )
            for one in data.get("parameters", ())
        ],
        body=_fields(schema, body),
        answers=", ".join(data["responses"]),
    )


def _fields(schema: dict[str, Any], part: dict[str, Any]) -> list[Field]:
    if "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
    needed = part.get("required", [])
    return [
        Field(name, _type(data), name in needed, data.get("description", ""))
        for name, data in part.get("properties", {}).items()
    ]


def _type(data: dict[str, Any]) -> str:
    if "$ref" in data:
        return str(data["$ref"]).rsplit("/", 1)[1]
    if "enum" in data:
        return " | ".join(str(value) for value in data["enum"])
    if data.get("type") == "array":
        return f"list of {_type(data.get('items', {}))}"
    if any(key in data for key in ("oneOf", "allOf")):
        return " or ".join(_type(one) for one in data.get("oneOf") or data["allOf"])
    return str(data.get("format") or data.get("type") or "any")
