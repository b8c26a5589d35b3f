"""docs/assurance.md: each promise with the mechanism that keeps it and the tests that show it, read from the tests."""

from pathlib import Path
from typing import Any

import yaml

from apps.portal.marks import link_to, marked_tests

MARK = "promise"


class UnkeptPromise(Exception):
    """A promise has no test and gives no reason, or a test names a promise that nobody wrote down."""


def assurance_page(root: Path) -> str:
    """Return the table; raises UnkeptPromise with a sentence for each that has no test."""
    promises = yaml.safe_load((root / "tests" / "promises.yaml").read_text())
    shown = marked_tests(root / "tests", MARK)
    _demand_all_known(promises, shown)
    lines = [
        "# Assurance",
        "",
        "What mlgov promises, what keeps the promise, and which tests show it. The promises stand in",
        "`tests/promises.yaml`; a test says with `@pytest.mark.promise(…)` which of them it shows.",
    ]
    for title, rows in promises.items():
        lines += [
            "",
            f"## {title.capitalize()}",
            "",
            "| | Promise | Kept by | Shown by |",
            "|---|---|---|---|",
        ]
        lines += [_line(key, row, shown.get(key, [])) for key, row in rows.items()]
    return "\n".join(lines) + "\n"


def _demand_all_known(promises: dict[str, dict[str, Any]], shown: dict[str, list[str]]) -> None:
    rows = {key: row for group in promises.values() for key, row in group.items()}
    problems = [
        f"{tests[0]} shows the promise “{key}”, which is not in tests/promises.yaml."
        for key, tests in shown.items()
        if key not in rows
    ]
    for key, row in rows.items():
        if key not in shown and not row.get("not_yet"):
            problems.append(
                f"No test shows the promise “{key}”: mark one with @pytest.mark.promise, or say under not_yet in "
                "tests/promises.yaml what is missing."
            )
        if key in shown and row.get("not_yet"):
            problems.append(f"Tests show the promise “{key}”: take its not_yet out of tests/promises.yaml.")
    if problems:
        raise UnkeptPromise("\n".join(problems))


def _line(key: str, row: dict[str, str], tests: list[str]) -> str:
    cell = "<br>".join(link_to(one) for one in tests) or f"*Not yet:* {row['not_yet']}"
    return f"| {key} | {row['promise']} | {row['mechanism']} | {cell} |"
