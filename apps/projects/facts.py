"""What is known of a project itself, without any version: what evidence and the platform's inventory are made of."""

from dataclasses import dataclass
from typing import Any

from apps.policies.method.framing import UNSET
from apps.projects.briefs import missing_fields
from apps.projects.models import Brief, Project
from apps.projects.queries import (
    approaches_of,
    brief_of,
    data_sources_of,
    recommendation_of,
    tier_of,
)


@dataclass(frozen=True)
class ProjectFacts:
    """The facts, and the brief that they were read from."""

    facts: dict[str, Any]
    brief: Brief | None


def project_facts(project: Project) -> ProjectFacts:
    """Read brief, data and tier; a fixed number of queries."""
    brief = brief_of(project)
    tier = tier_of(project)
    found = {
        "brief": _brief(project, brief),
        "data": _data(project),
        "project": {"tier": tier.level if tier else UNSET, "tier_set": tier is not None},
    }
    return ProjectFacts(found, brief)


def _brief(project: Project, brief: Brief | None) -> dict[str, Any]:
    missing = missing_fields(brief)
    approach = recommendation_of(project, approaches_of(project).first())
    return {
        "complete": not missing,
        "missing": missing,
        "task": _text(brief, "task"),
        "consumer": _text(brief, "consumer"),
        "latency": _text(brief, "latency"),
        "success_metric": brief.success_metric if brief else "",
        "success_target": brief.success_target if brief else None,
        "success_direction": _text(brief, "success_direction"),
        "fairness_metric": _text(brief, "fairness_metric"),
        "fairness_threshold": brief.fairness_threshold if brief else None,
        "approach": {
            "answered": approach is not None,
            "recommended": approach.key if approach else None,
        },
    }


def _text(brief: Brief | None, name: str) -> str | None:
    return (getattr(brief, name) or None) if brief else None


def _data(project: Project) -> dict[str, Any]:
    sources = sorted(data_sources_of(project), key=lambda source: (source.score, source.name))
    if not sources:
        return {"sources": 0, "score": None, "weakest": None}
    return {
        "sources": len(sources),
        "score": sources[0].score,
        "weakest": sources[0].name,
    }
