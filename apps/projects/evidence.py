"""Facts about the project behind a version: its brief, data, risk tier and platform."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.projects.facts import project_facts
from apps.projects.inventory import inventory_of
from apps.projects.models import Project

VOCABULARY = [
    Fact("brief.complete", "boolean", "", "Every required field of the problem brief is filled."),
    Fact("brief.missing", "list", "", "The required fields of the brief that are empty."),
    Fact("brief.task", "text", "", "The task named in the brief."),
    Fact("brief.consumer", "text", "", "Who or what reads the prediction, as the brief names it."),
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
    Fact("brief.success_direction", "text", "", "at_least or at_most: which side of the target is success."),
    Fact("brief.approach.answered", "boolean", "", "Somebody answered whether rules would do (M1.3)."),
    Fact("brief.approach.recommended", "text", "", "rules, ml or hybrid: what the answers come to."),
    Fact("data.sources", "integer", "sources", "How many data sources are assessed."),
    Fact("data.score", "integer", "of 30", "The score of the weakest data source."),
    Fact("data.weakest", "text", "", "The name of the weakest data source."),
    Fact("project.tier", "text", "", "The risk tier by the policy: low, medium, high; unset without one."),
    Fact("project.tier_set", "boolean", "", "Somebody set the risk tier."),
    Fact("platform.complete", "boolean", "", "Every part of the platform that is needed is in place."),
    Fact("platform.missing", "list", "", "The parts of the platform that are needed and not in place."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the version's project."""
    project = version.model.project
    about = project_facts(project)
    declared = about.brief.fairness_declared_at if about.brief else None
    before = None
    if version.run is not None:
        before = declared is not None and declared < version.run.started_at
    brief = {**about.facts["brief"], "fairness_declared_before_training": before}
    return {**about.facts, "brief": brief, "platform": inventory_of(project, about.facts).facts}


def facts_of_project(project: Project) -> dict[str, Any]:
    """Return what is known of a project without any version."""
    about = project_facts(project).facts
    return {**about, "platform": inventory_of(project, about).facts}


def sources(version: Any) -> list[Source]:
    """Return the pages of the brief, the data sources, the tier and the platform."""
    slug = version.model.project.slug
    return [
        Source("brief", "Problem brief", reverse("projects:brief", args=[slug])),
        Source("brief.approach", "Rules or machine learning", reverse("projects:approach", args=[slug])),
        Source("data", "Data sources", reverse("data:sources", args=[slug])),
        Source("project", "Risk tier", reverse("projects:tier", args=[slug])),
        Source("platform", "Platform", reverse("projects:platform", args=[slug])),
    ]
