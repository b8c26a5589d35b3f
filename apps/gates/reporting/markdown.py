"""A gate as Markdown for a comment on a pull request: the verdict at first sight, then what to do.

Titles, reasons and values are other people's words: whatever they hold is shown and does nothing. No markup, no HTML,
no link, and on GitHub and GitLab no mention of a person and no reference to an issue.
"""

import re

from apps.gates.reporting.report import WORDS, Report, to_do
from apps.policies.judge import CriterionResult, State

SIGNS = {
    State.PASS: "✅",
    State.FAIL: "❌",
    State.INCONCLUSIVE: "⚠️",
    State.MISSING: "❔",
    State.WAIVED: "📝",
}
#: GitHub takes 65,536 characters for a comment.
LONGEST_CELL = 300
MOST_ROWS = 80
MOST_TO_DO = 40
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$^=:/@])")
#: What GitHub and GitLab look for after the markup is read: escaping hides nothing from them, a word joiner does.
_REFERENCE = re.compile(r"(?<=[@#!$%&~])(?=[\w\"])|(?<=\bGH-)(?=\d)")
_JOINER = "\u2060"


def render(report: Report) -> str:
    """Return the comment. Its first line is a mark, by which a pipeline finds the comment to replace."""
    blocks = [
        f"<!-- mlgov gate {_mark(report.project)}/{_mark(report.model)}/{_mark(report.to_stage)} -->",
        f"## {SIGNS[report.state]} Gate to {text(report.to_stage)}: {WORDS[report.state]}",
        f"**{text(report.version)}**, {text(report.from_stage)} to {text(report.to_stage)}. {report.summary}",
        *_to_do(report),
        *_table(report),
        *_signatures(report),
        f"Evidence {code(report.digest[:12])}, policy {code(report.policy)}. "
        f"[Open {text(report.version)} in the portal](<{_address(report.page)}>)",
    ]
    return "\n\n".join(blocks) + "\n"


def text(words: str, longest: int = LONGEST_CELL) -> str:
    """Return words that stand for themselves on one line."""
    line = " ".join(words.split())
    line = line if len(line) <= longest else line[: longest - 1] + "…"
    inert = _REFERENCE.sub(_JOINER, _bare(line))
    return _MARKUP.sub(r"\\\1", inert).replace("&", "&amp;").replace("<", "&lt;")


def code(words: str) -> str:
    """Return words in a code span, in which only a run of backticks and, in a table, a bar have a meaning."""
    line = _bare(" ".join(words.split())).replace("|", "\u2223")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line or ' '} {fence}" if longest else f"`{line or ' '}`"


def _bare(line: str) -> str:
    """Return a line without control characters and without what turns the order of reading."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", line)


def _to_do(report: Report) -> list[str]:
    if not report.blocking:
        return []
    lines = []
    for result in report.blocking[:MOST_TO_DO]:
        said = to_do(result) or [result.verdict.reason]
        lines.append(f"- **{text(result.title)}** " + text(" ".join(said), 600))
    left = len(report.blocking) - MOST_TO_DO
    if left > 0:
        lines.append(f"- {left} more stand on the page of the version.")
    return ["### What to do", "\n".join(lines)]


def _table(report: Report) -> list[str]:
    if not report.results:
        return ["This gate has no criteria."]
    rows = ["| | Criterion | Severity | What it says |", "|---|---|---|---|"]
    rows += [_row(result) for result in report.results[:MOST_ROWS]]
    left = len(report.results) - MOST_ROWS
    return [
        "\n".join(rows),
        *([f"{left} more criteria stand on the page of the version."] if left > 0 else []),
    ]


def _row(result: CriterionResult) -> str:
    state = result.verdict.state
    return (
        f"| {SIGNS[state]} {WORDS[state]} | {text(result.title)} | {text(result.severity)} "
        f"| {text(result.verdict.reason)} |"
    )


def _signatures(report: Report) -> list[str]:
    wanted = [f"{one.count} × {text(one.role)}" for one in report.signatures]
    return [f"Signatures that it takes then: {', '.join(wanted)}."] if wanted else []


def _mark(word: str) -> str:
    return re.sub(r"[^\w.]", "_", word, flags=re.ASCII)


def _address(page: str) -> str:
    return re.sub(r"[\s<>\\]", "", page)
