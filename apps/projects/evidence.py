"""Facts about the project behind a version: its brief and its data."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.projects.models import Brief
from apps.projects.queries import brief_of, data_sources_of

VOCABULARY = [
    Fact("brief.complete", "boolean", "", "Every required field of the problem brief is filled."),
    Fact("brief.missing", "list", "", "The required fields of the brief that are empty."),
    Fact("brief.task", "text", "", "The task named in the brief."),
    Fact("brief.latency", "text", "", "The latency class named in the brief."),
    Fact("brief.success_metric", "text", "", "The success metric named in the brief."),
    Fact("brief.success_target", "number", "", "The target of the success metric."),
    Fact("brief.fairness_metric", "text", "", "The fairness metric declared in the brief."),
    Fact("brief.fairness_threshold", "number", "", "Its threshold."),
    Fact(
        "brief.fairness_declared_before_training",
        "boolean",
        "",
        "Fairness metric and threshold were last set before the run of the version began.",
    ),
    Fact("data.sources", "integer", "sources", "How many data sources are assessed."),
    Fact("data.score", "integer", "of 30", "The score of the weakest data source."),
    Fact("data.weakest", "text", "", "The name of the weakest data source."),
]
#: Fields without which a brief is not complete (M1.1); the rest may be empty.
REQUIRED = (
    *("business_objective", "success_metric", "success_target", "baseline", "task", "prediction_target"),
    *("consumer", "latency", "data_available", "ethical_considerations", "kill_criteria"),
)


def missing_fields(brief: Brief | None) -> list[str]:
    """Return the required fields that are empty."""
    if brief is None:
        return list(REQUIRED)
    return [name for name in REQUIRED if getattr(brief, name) in ("", None)]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the version's project."""
    return project_facts(version.model.project, version)


def project_facts(project: Any, version: Any = None) -> dict[str, Any]:
    """TEMPORARY."""
    brief = brief_of(project)
    missing = missing_fields(brief)
    declared = brief.fairness_declared_at if brief else None
    before = None
    if version is not None and version.run is not None:
        before = declared is not None and declared < version.run.started_at
    sources = sorted(data_sources_of(project), key=lambda source: (source.score, source.name))
    found: dict[str, Any] = {
        "brief": {
            "complete": not missing,
            "missing": missing,
            "task": (brief.task if brief else "") or None,
            "latency": (brief.latency if brief else "") or None,
            "success_metric": brief.success_metric if brief else "",
            "success_target": brief.success_target if brief else None,
            "fairness_metric": (brief.fairness_metric if brief else "") or None,
            "fairness_threshold": brief.fairness_threshold if brief else None,
            "fairness_declared_before_training": before,
        },
        "data": {"sources": len(sources), "score": None, "weakest": None},
    }
    if sources:
        found["data"] |= {"score": sources[0].score, "weakest": sources[0].name}
    return found


def sources(version: Any) -> list[Source]:
    """Return the pages of the brief and of the data sources."""
    project = version.model.project
    return [
        Source("brief", "Problem brief", reverse("projects:brief", args=[project.slug])),
        Source("data", "Data sources", reverse("portal:project", args=[project.slug])),
    ]
