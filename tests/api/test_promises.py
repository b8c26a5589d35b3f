"""What docs/api.md promises: v1 loses nothing, and what will go says so a year ahead."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from apps.api.audit import Head
from apps.api.openapi import document
from apps.api.retiring import SHORTEST_NOTICE, Retirement

GOLDEN = Path(__file__).with_name("golden_v1.txt")
METHODS = ("get", "post", "put", "patch", "delete")


def described():
    """Return the document of now: the one that a process keeps knows nothing of what a test changes."""
    return document.__wrapped__()


def fields(schema, part, path="", seen=()):
    """Yield the path, type and whether it is needed, of each field of a schema."""
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        if name in seen:
            return
        seen = (*seen, name)
        part = schema["components"]["schemas"][name]
    for one in part.get("allOf", part.get("oneOf", ())):
        yield from fields(schema, one, path, seen)
    if part.get("type") == "array":
        yield from fields(schema, part["items"], f"{path}[]", seen)
    for name, data in part.get("properties", {}).items():
        where = f"{path}/{name}"
        yield where, str(data.get("type", "")), name in part.get("required", ())
        yield from fields(schema, data, where, seen)


def contract(schema):
    """Return what callers rely on: lines that must stay, and lines of what must be sent, to which none may be added."""
    kept, needed = set(), set()
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = f"{method.upper()} {path}"
            kept.add(operation)
            for one in item[method].get("parameters", ()):
                kept.add(f"{operation} ? {one['name']}")
                if one.get("required") and one["in"] != "path":
                    needed.add(f"{operation} needs {one['name']}")
            for body in item[method].get("requestBody", {}).get("content", {}).values():
                for where, kind, must in fields(schema, body.get("schema", {})):
                    kept.add(f"{operation} < {where} {kind}".rstrip())
                    if must:
                        needed.add(f"{operation} needs {where}")
            for status, answer in item[method]["responses"].items():
                kept.add(f"{operation} > {status}")
                for content in answer.get("content", {}).values():
                    for where, kind, _ in fields(schema, content.get("schema", {})):
                        # A list is a list, whether its page is described or only its rows.
                        where = where.removeprefix("/results") if where.startswith("/results[]") else where
                        kept.add(f"{operation} > {status} {where} {kind}".rstrip())
    return kept, needed


def test_v1_loses_nothing_and_asks_for_nothing_more():
    kept, needed = contract(described())
    if os.environ.get("MLGOV_REWRITE_API"):
        GOLDEN.write_text("\n".join(sorted(kept | needed)) + "\n", encoding="utf-8")
    lines = set(GOLDEN.read_text(encoding="utf-8").splitlines())
    promised = {line for line in lines if " needs " not in line}
    assert len(promised) > 500
    assert promised - kept == set()
    known = {" ".join(line.split(" ")[:2]) for line in promised}
    more = {line for line in needed - lines if " ".join(line.split(" ")[:2]) in known}
    assert more == set()


def test_what_will_go_says_so_in_answers_and_in_openapi(pipeline, project, monkeypatch):
    plain = pipeline.get("/api/v1/audit/head")
    assert not {"Deprecation", "Sunset", "Link"} & set(plain.headers)
    going = Retirement(date(2026, 1, 1), date(2027, 1, 1), "https://mlgov.example.org/instead")
    monkeypatch.setattr(Head, "retiring", {"GET": going})
    answer = pipeline.get("/api/v1/audit/head")
    assert answer.status_code == 409
    assert answer["Deprecation"] == "@1767225600"
    assert answer["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert answer["Link"] == '<https://mlgov.example.org/instead>; rel="deprecation"'
    paths = described()["paths"]
    assert paths["/api/v1/audit/head"]["get"]["deprecated"]
    assert "deprecated" not in paths["/api/v1/events"]["get"]


def test_nobody_is_given_less_than_a_year():
    since = date(2026, 1, 1)
    with pytest.raises(ValueError, match="365 days"):
        Retirement(since, since + SHORTEST_NOTICE - timedelta(days=1), "https://mlgov.example.org/instead")
