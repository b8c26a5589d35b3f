"""docs/permissions.md: who may do what at each address, read from the matrix that the tests walk."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

#: Nobody is not signed in; ``token`` has every scope, ``narrow`` all but the one that is needed.
ROLES = (
    *("nobody", "stranger", "viewer", "contributor", "reviewer", "risk", "owner", "auditor", "administrator"),
    *("token", "narrow"),
)
_SHOWN = {"ok": "✓", "refused": "–", "login": "sign in"}


@dataclass(frozen=True)
class Case:
    """One row: an address, a verb, an object in a state, and the answer to each role."""

    name: str
    verb: str
    interface: bool
    who: str
    answers: dict[str, str]
    object: str = ""
    state: str = ""
    at: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    if_match: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.name}" + (f" [{self.state}]" if self.state else "")


def read_matrix(path: Path) -> list[Case]:
    """Return every row of the matrix, with the answer to each role worked out."""
    document = yaml.safe_load(path.read_text())
    found = []
    for section in ("pages", "interface"):
        for name, verbs in document[section].items():
            for verb, rows in verbs.items():
                for row in rows if isinstance(rows, list) else [rows]:
                    given = {"who": row} if isinstance(row, str) else dict(row)
                    found.append(
                        _case(name, verb, given, document["audiences"], interface=section == "interface")
                    )
    return found


def _case(name: str, verb: str, row: dict[str, Any], audiences: dict[str, Any], *, interface: bool) -> Case:
    answers = {role: str(answer) for role, answer in audiences[row["who"]].items()}
    then, but = str(row.pop("then", "ok")), row.pop("but", {})
    answers = {role: then if answer == "ok" else answer for role, answer in answers.items()}
    answers |= {role: str(answer) for role, answer in but.items()}
    if interface:
        defaults = {"nobody": "401", "token": answers["contributor"], "narrow": "refused"}
    else:
        defaults = dict.fromkeys(("nobody", "token", "narrow"), "login")
    return Case(name=name, verb=verb, interface=interface, answers=defaults | answers, **row)


def permissions_page(root: Path) -> str:
    """Return the page."""
    cases = read_matrix(root / "tests" / "authorisation" / "matrix.yaml")
    lines = [
        "# Permissions",
        "",
        "Who gets what at each address. Written in `tests/authorisation/matrix.yaml`; a test asks every row as every",
        "role, and fails for an address and verb that has no row.",
        "",
        "✓ done or shown · – refused, with the reason · 404 nothing here · 409 allowed, but not in this state · 401 and",
        "*sign in* for nobody. A *stranger* is signed in and no member of the project; *token* is that of a service",
        "account that contributes, with every scope; *narrow* lacks the one scope that is needed.",
    ]
    for title, interface in (("Pages", False), ("Interface", True)):
        lines += [
            "",
            f"## {title}",
            "",
            "| | | In state | " + " | ".join(ROLES) + " |",
            "|---" * (3 + len(ROLES)) + "|",
        ]
        lines += [_line(case) for case in cases if case.interface == interface]
    return "\n".join(lines) + "\n"


def _line(case: Case) -> str:
    answers = " | ".join(_SHOWN.get(case.answers[role], case.answers[role]) for role in ROLES)
    return f"| `{case.name}` | {case.verb} | {case.state} | {answers} |"
