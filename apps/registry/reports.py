"""Reports of test runners and scanners as evidence: JUnit XML and SARIF 2.1.0, read and summarised. No Django.

JUnit XML has no standard of its own; what is read is what pytest, Maven, Jest, Go and GitLab agree on: ``testsuites``
or ``testsuite``, and in it ``testcase`` with ``failure``, ``error`` or ``skipped``.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

MOST_BYTES = 20_000_000
#: So many failures or findings are kept with the check; the file itself is kept whole.
MOST_KEPT = 50
#: From harmless to harmful (SARIF 2.1.0, §3.27.10).
LEVELS = ("none", "note", "warning", "error")


class ReportInvalid(ValueError):
    """The file is not the report that it should be; the message says where."""


@dataclass(frozen=True)
class Summary:
    """What a report says: whether it passed, a sentence, figures, and the first of what is wrong."""

    passed: bool
    sentence: str
    figures: dict[str, float]
    items: tuple[dict[str, Any], ...] = field(default=())


def summary_of(kind: str, content: bytes, *, fail_on: str = "error") -> Summary:
    """Summarise a report of ``kind`` junit or sarif; ``fail_on`` is the SARIF level from which it has failed."""
    if len(content) > MOST_BYTES:
        raise ReportInvalid(f"The report is larger than {MOST_BYTES:,} bytes. Send a part of it.")
    if kind == "junit":
        return junit(content)
    if kind == "sarif":
        return sarif(content, fail_on=fail_on)
    raise ReportInvalid(f"“{kind[:40]}” is no kind of report; send junit or sarif.")


def junit(content: bytes) -> Summary:
    """Summarise JUnit XML; a report without a single test has not passed, for nothing was shown."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise ReportInvalid(
            f"This is not XML: line {line}, column {column + 1}. Send the file as it was written."
        ) from error
    except DefusedXmlException as error:
        raise ReportInvalid(
            "The XML declares entities or a DTD, which is not accepted. Send plain JUnit XML."
        ) from error
    if root.tag not in {"testsuites", "testsuite"}:
        raise ReportInvalid(
            f"The root is <{root.tag[:60]}>; JUnit XML begins with <testsuites> or <testsuite>."
        )
    cases = list(root.iter("testcase"))
    counts: Counter[str] = Counter()
    seconds = 0.0
    items: list[dict[str, Any]] = []
    for case in cases:
        outcome, message = _outcome(case)
        counts[outcome] += 1
        seconds += _seconds(case.get("time"))
        if outcome in {"failure", "error"} and len(items) < MOST_KEPT:
            items.append(
                {
                    "level": outcome,
                    "name": _name(case),
                    "message": message[:500],
                    "where": case.get("file", "")[:300],
                }
            )
    bad = counts["failure"] + counts["error"]
    figures = {
        "tests": len(cases), "failures": counts["failure"], "errors": counts["error"], "skipped": counts["skipped"],
        "seconds": round(seconds, 3),
    }  # fmt: skip
    if not cases:
        return Summary(False, "The report has no test in it.", figures)
    ran = len(cases) - counts["skipped"]
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    sentence = f"{bad} of {ran} tests failed{skipped}." if bad else f"{ran} tests passed{skipped}."
    return Summary(not bad and ran > 0, sentence, figures, tuple(items))


def _outcome(case: Element) -> tuple[str, str]:
    for outcome in ("error", "failure", "skipped"):
        found = case.find(outcome)
        if found is not None:
            return outcome, (found.get("message") or found.text or "").strip()
    return "passed", ""


def _name(case: Element) -> str:
    parts = (case.get("classname", ""), case.get("name", ""))
    return ".".join(part for part in parts if part)[:300]


def _seconds(text: str | None) -> float:
    try:
        value = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return value if 0 <= value < 1e9 else 0.0


def sarif(content: bytes, *, fail_on: str = "error") -> Summary:
    """Summarise SARIF 2.1.0: results that are not suppressed count by their level, or by their rule's default."""
    if fail_on not in LEVELS[1:]:
        raise ReportInvalid(f"A scan fails on note, warning or error, not on “{fail_on[:40]}”.")
    try:
        document = json.loads(content)
    except ValueError as error:
        raise ReportInvalid(
            f"This is not JSON: {str(error)[:200]}. Send the file as it was written."
        ) from error
    runs = document.get("runs") if isinstance(document, dict) else None
    if not isinstance(runs, list) or str(document.get("version")) != "2.1.0":
        raise ReportInvalid("A SARIF report has version 2.1.0 and a list of runs; this one has not.")
    counts: Counter[str] = Counter()
    items: list[dict[str, Any]] = []
    suppressed = 0
    for run in runs:
        for result in _listed(run, "results"):
            if _listed(result, "suppressions"):
                suppressed += 1
                continue
            level = _level(run, result)
            counts[level] += 1
            items.append(
                {
                    "level": level,
                    "name": str(result.get("ruleId", ""))[:300],
                    "message": _said(result),
                    "where": _place(result),
                }
            )
    items.sort(key=lambda one: -LEVELS.index(one["level"]))
    broken = any(_failed(run) for run in runs)
    bad = sum(counts[level] for level in LEVELS[LEVELS.index(fail_on) :])
    figures = {
        "errors": counts["error"],
        "warnings": counts["warning"],
        "notes": counts["note"],
        "suppressed": suppressed,
    }
    tools = ", ".join(sorted({_tool(run) for run in runs} - {""})) or "The scanner"
    if not runs or broken:
        return Summary(False, f"{tools} did not finish its run.", dict(figures), tuple(items[:MOST_KEPT]))
    said = f"{tools}: {counts['error']} errors, {counts['warning']} warnings, {counts['note']} notes"
    more = f", {suppressed} suppressed." if suppressed else "."
    return Summary(not bad, said + more, dict(figures), tuple(items[:MOST_KEPT]))


def _inside(holder: Any, key: str) -> dict[str, Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _listed(holder: Any, key: str) -> list[dict[str, Any]]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _level(run: dict[str, Any], result: dict[str, Any]) -> str:
    """Return the level of a result (§3.27.10): its own, else its rule's default, else warning."""
    if result.get("kind", "fail") != "fail":
        return "none"
    own = result.get("level")
    if own is None:
        rules = _listed(_inside(_inside(run, "tool"), "driver"), "rules")
        rule = next((one for one in rules if one.get("id") == result.get("ruleId")), {})
        own = _inside(rule, "defaultConfiguration").get("level")
    return own if isinstance(own, str) and own in LEVELS else "warning"


def _failed(run: dict[str, Any]) -> bool:
    return any(one.get("executionSuccessful") is False for one in _listed(run, "invocations"))


def _tool(run: dict[str, Any]) -> str:
    return str(_inside(_inside(run, "tool"), "driver").get("name", ""))[:60]


def _said(result: dict[str, Any]) -> str:
    return str(_inside(result, "message").get("text", ""))[:500]


def _place(result: dict[str, Any]) -> str:
    for location in _listed(result, "locations"):
        physical = _inside(location, "physicalLocation")
        uri = str(_inside(physical, "artifactLocation").get("uri", ""))
        line = _inside(physical, "region").get("startLine")
        return f"{uri}:{line}"[:300] if line else uri[:300]
    return ""
