"""Facts about the decisions that a project waits for."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.findings.queries import facts_of
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY = [
    Fact("findings.stopped", "boolean", "", "The project was stopped because a kill criterion holds."),
    Fact(
        "findings.kills_undecided", "list", "", "The kill criteria that hold and about which nobody decided."
    ),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts. Mistakes are none: they say again what the evidence says already."""
    return {"findings": facts_of(version.model.project)}


def sources(version: Any) -> list[Source]:
    """Return the page of the project's findings."""
    return [Source("findings", "Findings", reverse("findings:project", args=[version.model.project.slug]))]
