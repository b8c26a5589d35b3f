"""How far a card serves each standard: the pack says what is needed, the document whether it is there."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.policies.method.card import EVIDENCE, EVIDENCE_PARTS, Card, StandardItem

Document = Mapping[str, Any]


def _first(document: Document) -> Mapping[str, Any]:
    evaluations = document["evaluations"]
    return evaluations[0] if evaluations else {}


def _intervals(document: Document) -> bool:
    return any(one["low"] is not None for one in _first(document).get("metrics", ()))


def _crossings(document: Document) -> bool:
    found = _first(document)
    crossed = any(len(one["attributes"]) > 1 for one in found.get("slices", ()))
    return crossed or any(one["crossing"] for one in found.get("fairness", ()))


def _run(part: str) -> Callable[[Document], bool]:
    return lambda document: bool((document["version"]["run"] or {}).get(part))


def _evaluated(part: str) -> Callable[[Document], bool]:
    return lambda document: bool(_first(document).get(part))


def _there(*path: str) -> Callable[[Document], bool]:
    def read(document: Document) -> bool:
        value: Any = document
        for step in path:
            value = value[step]
        return bool(value)

    return read


PARTS: dict[str, Callable[[Document], bool]] = {
    "version": _there("version", "id"),
    "artifacts": _there("version", "files"),
    "lineage": lambda document: bool(document["version"]["base_models"] or document["version"]["previous"]),
    "people": _there("people", "owners"),
    "run": _there("version", "run"),
    "parameters": _run("parameters"),
    "environment": _run("environment"),
    "evaluation": _there("evaluations"),
    "metrics": _evaluated("metrics"),
    "intervals": _intervals,
    "threshold": lambda document: _first(document).get("threshold") is not None,
    "slices": _evaluated("slices"),
    "crossings": _crossings,
    "fairness": _evaluated("fairness"),
    "calibration": lambda document: (_first(document).get("calibration") or {}).get("ece") is not None,
    "bias_audit": _there("bias_audit"),
    "data": _there("data", "sources"),
    "datasets": _there("data", "datasets"),
    "features": _there("data", "features", "count"),
    "brief": _there("brief", "business_problem"),
    "risk": _there("risk", "set_at"),
    "checks": _there("checks"),
    "checklists": lambda document: any(one["answered"] == one["of"] for one in document["checklists"]),
    "rubric": _there("rubric"),
    "costs": _there("costs", "version_total"),
    "gates": _there("gates", "last_verdict"),
    "signatures": _there("signatures"),
    "monitoring": lambda document: bool(
        document["monitoring"]["review_due"] or document["monitoring"]["signals"]
    ),
    "history": _there("history"),
}
if set(PARTS) != EVIDENCE_PARTS:
    raise ImportError(
        f"Parts of the evidence that packs may name and the card cannot tell: {set(PARTS) ^ EVIDENCE_PARTS}."
    )


def standards_of(part: Card, document: Document) -> list[dict[str, Any]]:
    """Return each standard with its items, and how many of them are served."""
    texts = {one["key"] for one in document["fields"] if one["text"].strip()}
    found = texts | {f"{EVIDENCE}{name}" for name, there in PARTS.items() if there(document)}
    coverage = []
    for standard in part.standards:
        items = [_item(item, found) for item in standard.items]
        coverage.append(
            {
                "key": standard.key,
                "title": standard.title,
                "edition": standard.edition,
                "complete": sum(1 for one in items if one["served"]),
                "of": len(items),
                "items": items,
            }
        )
    return coverage


def _item(item: StandardItem, found: set[str]) -> dict[str, Any]:
    missing = [need for need in item.needs if need not in found]
    return {
        "key": item.id,
        "title": item.title,
        "served": not missing,
        "by": list(item.needs),
        "missing": missing,
    }
