"""What assessments and profiles say: the sum, what to mend first, and what a profile proposes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.policies.judge import judge
from apps.policies.method.data import Data, Dimension, Pattern, Sources
from apps.policies.verdicts import State


@dataclass(frozen=True)
class Scored:
    """One dimension of a source with its score and what that level means."""

    dimension: Dimension
    score: int

    @property
    def level(self) -> str:
        """What the score means."""
        return self.dimension.levels[self.score]


def scored(part: Sources | None, scores: Mapping[str, int]) -> list[Scored]:
    """Return the dimensions of the policy with their scores."""
    return [Scored(one, scores[one.key]) for one in part.dimensions] if part else []


def to_mend(part: Sources | None, scores: Mapping[str, int]) -> list[Scored]:
    """Return the dimensions to mend first, the lowest first, where the sum is under the minimum."""
    if part is None or sum(scores.values()) >= part.minimum:
        return []
    return sorted(scored(part, scores), key=lambda one: one.score)[:3]


def steps_of(part: Sources) -> dict[str, Any]:
    """Return the steps of the policy in the engine's form."""
    given = part.proposals
    return {
        "completeness": [[one["at_most"], one["score"]] for one in given["completeness"]],
        "consistency": [[one["at_most"], one["score"]] for one in given["consistency"]],
        "volume": [[one["at_least"], one["score"]] for one in given["volume"]],
        "mixed": given["mixed_formats_at_most"],
    }


def column_facts(column: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """Return the facts of a column of a profile that the catalogue's rules may read."""
    quantiles = column.get("quantiles") or {}
    return {
        "column": {
            "kind": "time" if column.get("time") else column["kind"],
            "rows": rows,
            "missing": float(column["missing_share"] or 0.0),
            "distinct": int(column["distinct"]),
            "skew": float(column.get("skewness") or 0.0),
            "minimum": float(quantiles.get("0") or 0.0),
            "words": float(column.get("words") or 0.0),
            "identifier": bool(column.get("identifier", False)),
        }
    }


def suggestions(part: Data, column: Mapping[str, Any], rows: int) -> list[tuple[Pattern, str]]:
    """Return the patterns of the catalogue that a column calls for, each with the figures that say so."""
    facts = column_facts(column, rows)
    found = []
    for pattern in part.catalogue:
        if not pattern.when:
            continue
        verdict = judge(pattern, facts)
        if verdict.state == State.PASS:
            found.append((pattern, verdict.reason.replace("column.", "")))
    return found
