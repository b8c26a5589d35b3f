"""Facts about a version itself, its CI checks, and the version it would replace."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.registry.queries import contents_of, latest_checks, production_version_of

VOCABULARY = [
    Fact("version.number", "integer", "", "The number of the version."),
    Fact("version.change", "text", "", "minor or major."),
    Fact("version.commit", "text", "", "The commit of the code that it was built from; empty when unknown."),
    Fact("version.file_count", "integer", "files", "How many files are pinned to the version."),
    Fact(
        "version.contents_digest", "text", "", "SHA-256 over the commit and the digests of all pinned files."
    ),
    Fact("version.files", "list", "", "The pinned files: path and SHA-256."),
    Fact("version.has_run", "boolean", "", "The version came from a logged run."),
    Fact(
        "checks.<name>.status",
        "text",
        "",
        "passed or failed: the newest report of a CI check; expired when commit or files changed since.",
    ),
    Fact("checks.<name>.figures.<figure>", "number", "", "A figure of the check: tests, failures, errors, …"),
    Fact(
        "checks.<name>.source",
        "text",
        "",
        "pipeline, junit, sarif, or mlgov (its own scan of the model files).",
    ),
    Fact("checks.<name>.url", "text", "", "Where the pipeline shows the check."),
    Fact("checks.<name>.reported_at", "text", "UTC", "When it was reported."),
    Fact("champion.exists", "boolean", "", "Another version of the model is in production."),
    Fact("champion.number", "integer", "", "Its number."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the version; the stage is left out, for moving it is what they decide."""
    contents = contents_of(version)
    champion = production_version_of(version.model)
    other = champion if champion is not None and champion.pk != version.pk else None
    return {
        "version": {
            "number": version.number,
            "change": version.change,
            "commit": version.commit,
            "file_count": len(contents.files),
            "contents_digest": contents.digest,
            "files": [{"path": path, "digest": digest} for path, digest in contents.files.items()],
            "has_run": version.run_id is not None,
        },
        "checks": {
            name: {
                "status": latest.status,
                "url": latest.check.url,
                "source": latest.check.source,
                "reported_at": latest.check.created_at.isoformat(),
                "figures": {
                    figure: value
                    for figure, value in latest.check.figures.items()
                    if isinstance(value, int | float) and not isinstance(value, bool)
                },
            }
            for name, latest in latest_checks(version, contents).items()
        },
        "champion": {"exists": other is not None, "number": other.number if other else None},
    }


def sources(version: Any) -> list[Source]:
    """Return the version's page, the pipeline's own pages of its checks, and the page of the version it would replace."""
    page = reverse("portal:version", args=[version.pk])
    found = [Source("version", str(version), page), Source("checks", "CI checks", f"{page}#checks")]
    for name, latest in latest_checks(version).items():
        own = reverse("registry:check", args=[latest.check.pk])
        found.append(Source(f"checks.{name}", f"CI check {name}", own))
        if latest.check.url:
            found.append(Source(f"checks.{name}", f"Log of {name}", latest.check.url))
    champion = production_version_of(version.model)
    if champion is not None and champion.pk != version.pk:
        theirs = reverse("portal:version", args=[champion.pk])
        found.append(Source("champion", f"v{champion.number}, in production", theirs))
    return found
