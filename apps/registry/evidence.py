"""Facts about a version itself, its CI checks, and the version it would replace."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.registry.queries import latest_checks, production_version_of

VOCABULARY = [
    Fact("version.number", "integer", "", "The number of the version."),
    Fact("version.change", "text", "", "minor or major."),
    Fact("version.artifact_digest", "text", "", "SHA-256 of the model file."),
    Fact("version.has_run", "boolean", "", "The version came from a logged run."),
    Fact("checks.<name>.status", "text", "", "passed or failed: the newest report of a CI check."),
    Fact("checks.<name>.url", "text", "", "Where the pipeline shows the check."),
    Fact("checks.<name>.reported_at", "text", "UTC", "When it was reported."),
    Fact("champion.exists", "boolean", "", "Another version of the model is in production."),
    Fact("champion.number", "integer", "", "Its number."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the version; the stage is left out, for moving it is what they decide."""
    champion = production_version_of(version.model)
    other = champion if champion is not None and champion.pk != version.pk else None
    return {
        "version": {
            "number": version.number,
            "change": version.change,
            "artifact_digest": version.artifact_id,
            "has_run": version.run_id is not None,
        },
        "checks": {
            name: {"status": check.status, "url": check.url, "reported_at": check.created_at.isoformat()}
            for name, check in latest_checks(version).items()
        },
        "champion": {"exists": other is not None, "number": other.number if other else None},
    }


def sources(version: Any) -> list[Source]:
    """Return the version's page, the pipeline's own pages of its checks, and the page of the version it would replace."""
    page = reverse("portal:version", args=[version.pk])
    found = [Source("version", str(version), page), Source("checks", "CI checks", f"{page}#checks")]
    for name, check in latest_checks(version).items():
        found.append(Source(f"checks.{name}", f"CI check {name}", f"{page}#checks"))
        if check.url:
            found.append(Source(f"checks.{name}", f"Log of {name}", check.url))
    champion = production_version_of(version.model)
    if champion is not None and champion.pk != version.pk:
        theirs = reverse("portal:version", args=[champion.pk])
        found.append(Source("champion", f"v{champion.number}, in production", theirs))
    return found
