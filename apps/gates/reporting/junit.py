"""A gate as JUnit XML, which every CI server shows beside the tests.

No test case failed exactly where the gate passes: a criterion that blocks and does not hold is a failure, for want of
evidence too; one that only warns is skipped, so that no build turns red for what the policy lets through.
"""

from xml.etree import ElementTree as ET

from apps.gates.reporting.report import WORDS, Report, blocks, holds, shown, to_do
from apps.policies.judge import CriterionResult, State

#: Characters of an attribute, which viewers show as a line, and of what is told of a criterion.
LONGEST_LINE = 1_000
LONGEST = 10_000


def render(report: Report) -> bytes:
    """Return the document, of one suite with a test case for each criterion."""
    failures = len(report.blocking)
    counts = {"tests": str(len(report.results)), "failures": str(failures), "errors": "0"}
    root = ET.Element("testsuites", {"name": "mlgov"} | counts)
    suite = ET.SubElement(root, "testsuite", _clean({"name": f"{report.version}: {report.gate}"}) | counts)
    suite.set("skipped", str(len(report.warning)))
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report).items():
        ET.SubElement(properties, "property", _clean({"name": name, "value": value}))
    for result in report.results:
        _add(suite, report, result)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _properties(report: Report) -> dict[str, str]:
    return {
        "state": report.state,
        "from": report.from_stage,
        "to": report.to_stage,
        "policy": report.policy,
        "evidence_digest": report.digest,
        "page": report.page,
    }


def _add(suite: ET.Element, report: Report, result: CriterionResult) -> None:
    place = f"mlgov.{report.model}.{report.gate_key}"
    case = ET.SubElement(
        suite, "testcase", _clean({"classname": place, "name": f"{result.title} ({result.key})"})
    )
    state, reason = result.verdict.state, result.verdict.reason
    if not holds(result):
        kind = "failure" if blocks(result) else "skipped"
        message = f"{WORDS[state].capitalize()}: {reason}"
        told = ET.SubElement(case, kind, _clean({"type": state, "message": message}))
        told.text = _text(_told(result))
    elif state == State.WAIVED:
        ET.SubElement(case, "system-out").text = _text(reason)


def _told(result: CriterionResult) -> str:
    lines = [result.verdict.reason, *to_do(result)]
    if result.expression:
        lines.append(f"Rule: {result.expression}")
    lines += [f"{path} = {value}" for path, value in result.verdict.looked_at]
    return "\n".join(lines)


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {name: shown(value, LONGEST_LINE) for name, value in attributes.items()}


def _text(text: str) -> str:
    return shown(text, LONGEST)
