"""A gate as Markdown for a comment on a pull request: the verdict at first sight, then what to do.

Titles, reasons and values are other people's words: whatever they hold is shown and does nothing. No markup, no HTML,
no link, and on GitHub and GitLab no mention of a person and no reference to an issue.
"""

import re
from itertools import accumulate

from apps.gates.reporting.report import WORDS, Report, shown, to_do
from apps.policies.judge import CriterionResult, State

SIGNS = {
    State.PASS: "✅",
    State.FAIL: "❌",
    State.INCONCLUSIVE: "⚠️",
    State.MISSING: "❔",
    State.WAIVED: "📝",
}
#: GitHub takes 65,536 characters for a comment: so many for each of its two lists, as they are sent.
LONGEST_LIST = 24_000
LONGEST_CELL = 300
LONGEST_WORD = 100
MOST_ROWS = 80
MOST_TO_DO = 40
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>$^=:/@])")
#: What GitHub and GitLab look for after the markup is read: escaping hides nothing from them, a word joiner does.
_REFERENCE = re.compile(
    r"(?<=[@#!$%&~])(?=[\w\"])|(?<=\bGH-)(?=\d)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE
)
_JOINER = "\u2060"


def render(report: Report) -> str:
    """Return the comment. Its first line is a mark, by which a pipeline finds the comment to replace."""
    version, old, new = (
        text(one, LONGEST_WORD) for one in (report.version, report.from_stage, report.to_stage)
    )
    blocks = [
        f"<!-- mlgov gate {_mark(report.project)}/{_mark(report.model)}/{_mark(report.to_stage)} -->",
        f"## {SIGNS[report.state]} Gate to {new}: {WORDS[report.state]}",
        f"**{version}**, {old} to {new}. {report.summary}",
        *_to_do(report),
        *_table(report),
        *_signatures(report),
        f"Evidence {code(report.digest[:12])}, policy {code(report.policy)}. "
        f"[Open {version} in the portal](<{_address(report.page)}>)",
    ]
    return "\n\n".join(blocks) + "\n"


def text(words: str, longest: int = LONGEST_CELL) -> str:
    """Return words that stand for themselves on one line."""
    inert = _REFERENCE.sub(_JOINER, shown(" ".join(words.split()), longest))
    return _MARKUP.sub(r"\\\1", inert).replace("&", "&amp;").replace("<", "&lt;")


def code(words: str) -> str:
    """Return words in a code span, in which only a run of backticks and, in a table, a bar have a meaning."""
    line = shown(" ".join(words.split()), LONGEST_CELL).replace("|", "\u2223")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line or ' '} {fence}" if longest else f"`{line or ' '}`"


def _fitting(lines: list[str]) -> list[str]:
    """Return the first lines, as many as one list may have characters."""
    ends = accumulate(len(line) + 1 for line in lines)
    return [line for line, end in zip(lines, ends, strict=True) if end <= LONGEST_LIST]


def _to_do(report: Report) -> list[str]:
    if not report.blocking:
        return []
    lines = _fitting([_item(result) for result in report.blocking[:MOST_TO_DO]])
    left = len(report.blocking) - len(lines)
    if left > 0:
        lines.append(f"- {left} more stand on the page of the version.")
    return ["### What to do", "\n".join(lines)]


def _table(report: Report) -> list[str]:
    if not report.results:
        return ["This gate has no criteria."]
    rows = _fitting([_row(result) for result in report.results[:MOST_ROWS]])
    left = len(report.results) - len(rows)
    return [
        "\n".join(["| | Criterion | Severity | What it says |", "|---|---|---|---|", *rows]),
        *([f"{left} more criteria stand on the page of the version."] if left > 0 else []),
    ]


def _item(result: CriterionResult) -> str:
    said = to_do(result) or [result.verdict.reason]
    return f"- **{text(result.title)}** " + text(" ".join(said), 600)


def _row(result: CriterionResult) -> str:
    state = result.verdict.state
    return (
        f"| {SIGNS[state]} {WORDS[state]} | {text(result.title)} | {text(result.severity)} "
        f"| {text(result.verdict.reason)} |"
    )


def _signatures(report: Report) -> list[str]:
    wanted = [f"{one.count} × {text(one.role, LONGEST_WORD)}" for one in report.signatures[:20]]
    return [f"Signatures that it takes then: {', '.join(wanted)}."] if wanted else []


def _mark(word: str) -> str:
    return re.sub(r"[^\w.]", "_", word, flags=re.ASCII)


def _address(page: str) -> str:
    return re.sub(r"[\s<>\\]", "", page)
