"""Facts about the samples and features of a project."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.urls import reverse

from apps.data.models import LeakageReport
from apps.data.queries import leakage_figures, weakest_of
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY: list[Fact] = [
    Fact(
        "data.under_minimum_since",
        "text",
        "ISO date",
        "Since when the weakest data source has been under the policy's minimum; null when it is not.",
    ),
    Fact("data.leakage.checked", "boolean", "", "A train and a test table were compared."),
    Fact("data.leakage.shared_keys", "integer", "test rows", "Test rows of an entity of the train table."),
    Fact("data.leakage.duplicates", "integer", "test rows", "Test rows that stand in the train table too."),
    Fact("data.leakage.time_overlap", "integer", "test rows", "Test rows before the end of the train table."),
    Fact("data.leakage.single_feature", "text", "", "The feature that alone finds the target best."),
    Fact(
        "data.leakage.single_feature_strength",
        "number",
        "",
        "How well it does: AUC, or balanced accuracy where the target or the feature is no number.",
    ),
    Fact("data.leakage.single_feature_suspected", "boolean", "", "It is as strong as the policy suspects."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts: those of leakage are of the newest comparison in the project."""
    project = version.model.project
    weakest = weakest_of(project)
    since = weakest.under_since if weakest else None
    newest = LeakageReport.objects.filter(project=project).order_by("-id").first()
    figures = leakage_figures(newest.report if newest else {})
    return {
        "data": {
            "under_minimum_since": since.astimezone(UTC).date().isoformat() if since else None,
            "leakage": {"checked": newest is not None, **figures},
        }
    }


def sources(version: Any) -> list[Source]:
    """Return the pages that the facts come from."""
    slug = version.model.project.slug
    return [Source("data.leakage", "Leakage", reverse("data:leakage", args=[slug]))]
