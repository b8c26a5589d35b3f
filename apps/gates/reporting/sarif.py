"""A gate as SARIF 2.1.0: rules are criteria, results those that do not hold, at the level of their severity.

A criterion that is waived is a result that is suppressed, so that the waiver shows. SARIF has kinds for what could not
be judged, but demands the level "none" for them (section 3.27.10), by which a gate that is shut for want of evidence
would look open: such results are of the kind "fail", and their message says what they want.
"""

import hashlib
import json
import re
from typing import Any
from urllib.parse import quote

from apps.gates.reporting.report import WORDS, Report, holds, shown, to_do
from apps.policies.judge import CriterionResult, State

SCHEMA = "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"
#: Characters of a message.
LONGEST = 10_000
LEVELS = {"block": "error", "warn": "warning"}
#: What a viewer would replace by an argument (section 3.11.5), and where it would see a link (3.11.6).
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_LINK = re.compile(r"[\\\[\]]")


def render(report: Report, *, tool_version: str) -> bytes:
    """Return the document, of one run."""
    rules = sorted(report.results, key=lambda one: one.key)
    index = {one.key: number for number, one in enumerate(rules)}
    told = [one for one in report.results if one.verdict.state != State.PASS]
    run = {
        "tool": {
            "driver": {
                "name": "mlgov",
                "version": tool_version,
                "informationUri": report.page,
                "rules": [_rule(one, report) for one in rules],
            }
        },
        # GitHub keeps what two gates said apart by what stands before the last slash.
        "automationDetails": {"id": f"mlgov/{report.project}/{report.model}/{report.to_stage}/"},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, index[one.key], report) for one in told],
        "properties": {
            "state": str(report.state),
            "version": shown(report.version, LONGEST),
            "from": report.from_stage,
            "to": report.to_stage,
            "policy": report.policy,
            "evidenceDigest": report.digest,
            "page": report.page,
        },
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _rule(result: CriterionResult, report: Report) -> dict[str, Any]:
    about = [result.method, f"Rule: {result.expression}" if result.expression else ""]
    return {
        "id": result.key,
        "shortDescription": {"text": _message(result.title)},
        "fullDescription": {"text": _message(" ".join(one for one in about if one) or result.title)},
        "help": {"text": _message(result.remedy or "Look at the page of the version.")},
        "helpUri": report.page,
        "defaultConfiguration": {"level": LEVELS[result.severity]},
        "properties": {"tags": ["governance", result.severity]},
    }


def _result(result: CriterionResult, index: int, report: Report) -> dict[str, Any]:
    state = result.verdict.state
    lines = [f"{result.title}: {WORDS[state]}. {result.verdict.reason}", *to_do(result)]
    found: dict[str, Any] = {
        "ruleId": result.key,
        "ruleIndex": index,
        "kind": "fail",
        "level": LEVELS[result.severity],
        "message": {"text": _message("\n".join(lines))},
        "locations": [_location(report)],
        "partialFingerprints": {"mlgovCriterion/v1": _fingerprint(result, report)},
        "hostedViewerUri": report.page,
        "properties": {"state": str(state)},
    }
    if holds(result):
        reason = {"justification": _message(result.verdict.reason)}
        found["suppressions"] = [{"kind": "external", "status": "accepted"} | reason]
    return found


def _location(report: Report) -> dict[str, Any]:
    """Return what was judged; GitHub takes no result without a file, so the model stands in for one."""
    model = {"uri": f"models/{quote(report.model)}"}
    return {
        "physicalLocation": {"artifactLocation": model, "region": {"startLine": 1}},
        "logicalLocations": [
            {
                "name": shown(report.version, LONGEST),
                "fullyQualifiedName": f"{report.project}/{report.model}",
                "kind": "module",
            }
        ],
    }


def _fingerprint(result: CriterionResult, report: Report) -> str:
    """Return what one finding keeps over versions, so that a viewer closes it when the criterion holds."""
    place = "\n".join((report.project, report.model, report.gate_key, result.key))
    return hashlib.sha256(place.encode()).hexdigest()


def _message(text: str) -> str:
    doubled = _PLACEHOLDER.sub(r"{{\1}}", shown(text, LONGEST))
    return _LINK.sub(lambda found: "\\" + found[0], doubled)
