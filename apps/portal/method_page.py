"""docs/method.md: each part of the method with where it is in the portal, in the interface, and which tests show it."""

from pathlib import Path
from typing import Any

import yaml
from django.urls import URLPattern, URLResolver, get_resolver

from apps.portal.marks import link_to, marked_tests

MARK = "method"


class PartMissing(Exception):
    """A part of the method has no page, no path of the interface, or no test, and does not say why."""


def method_page(root: Path) -> str:
    """Return the table of tests/method.yaml; raises PartMissing with a sentence for each fault."""
    parts = yaml.safe_load((root / "tests" / "method.yaml").read_text())
    shown = marked_tests(root / "tests", MARK)
    pages, routes = _addresses()
    _demand_all(parts, shown, pages, routes)
    lines = [
        "# The method",
        "",
        "Each part of the method that the policy `standard` carries: where it is in the portal, where pipelines reach it,",
        "and which tests show it. The table stands in `tests/method.yaml`; a test says with `@pytest.mark.method(…)`",
        "which parts it shows. A part without a page, a path and a test fails the checks.",
        "",
        "| | Part | In the portal | In the interface | Shown by |",
        "|---|---|---|---|---|",
    ]
    lines += [_line(key, row, pages, shown.get(key, [])) for key, row in parts.items()]
    return "\n".join(lines) + "\n"


def _addresses() -> tuple[dict[str, str], set[str]]:
    """Return the address of each page by its name, and every path of the interface."""
    pages: dict[str, str] = {}
    routes: set[str] = set()

    def walk(patterns: list[URLPattern | URLResolver], prefix: str, space: str) -> None:
        for one in patterns:
            here = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, here, one.namespace or space)
            elif here.startswith("api/v1/"):
                routes.add(here.removeprefix("api/v1/"))
            elif one.name:
                pages[f"{space}:{one.name}" if space else one.name] = f"/{here}"

    walk(get_resolver().url_patterns, "", "")
    return pages, routes


def _demand_all(
    parts: dict[str, dict[str, Any]], shown: dict[str, list[str]], pages: dict[str, str], routes: set[str]
) -> None:
    problems = [
        f"{tests[0]} shows “{key}”, which is no part of the method in tests/method.yaml."
        for key, tests in shown.items()
        if key not in parts
    ]
    for key, row in parts.items():
        if row.get("not_yet"):
            continue
        problems += [f"{key}: there is no page “{one}”." for one in row["pages"] if one not in pages]
        problems += [f"{key}: the interface has no path “{one}”." for one in row["api"] if one not in routes]
        if not (row["pages"] and row["api"]):
            problems.append(f"{key} needs a page and a path of the interface in tests/method.yaml.")
        if key not in shown:
            problems.append(f"No test shows {key}: mark one with @pytest.mark.method({key!r}).")
    if problems:
        raise PartMissing("\n".join(problems))


def _line(key: str, row: dict[str, Any], pages: dict[str, str], tests: list[str]) -> str:
    if reason := row.get("not_yet"):
        return f"| {key} | {row['title']} | *Not yet:* {reason} | | {'<br>'.join(map(link_to, tests))} |"
    where = "<br>".join(f"`{pages[one]}`" for one in row["pages"])
    path = "<br>".join(f"`/api/v1/{one}`" for one in row["api"])
    return f"| {key} | {row['title']} | {where} | {path} | {'<br>'.join(map(link_to, tests))} |"
